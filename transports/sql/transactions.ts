/**
 * Runs work on the database: retries what may succeed at once, and gives other errors our codes.
 */
import type { Kysely, RawBuilder, Transaction } from 'kysely'
import { sleep, type ClockPort, type RandomPort } from '../../actors/ports/clock.ts'
import { CodedError, describeError, isCoded, type ErrorCode } from '../../schema/errors.ts'
import type { Database } from '../../schema/tables.ts'
import type { SchemaGate } from './schema-gate.ts'

/** The clock and random numbers of the store's owner. */
export interface StorePorts {
  readonly clock: ClockPort
  readonly random: RandomPort
  /** Told of each transaction that is tried again after a conflict. */
  readonly retried?: (() => void) | undefined
}

/** What an error of a database means, in our terms. */
export type SqlFailure =
  /** Another transaction was first. */
  | 'conflict'
  /** The database does not answer. */
  | 'unavailable'
  /** A unique key is taken. */
  | 'duplicate'
  /** Its disk is full. */
  | 'full'
  /** It accepts no writes. */
  | 'read-only'
  /** Our account may not do this. */
  | 'denied'

/** One database of one kind. */
export interface SqlConnection {
  readonly db: Kysely<Database>
  /** What an error of this kind of database means; undefined when it is none of these. */
  readonly failureOf: (error: unknown) => SqlFailure | undefined
  /**
   * The end of a SELECT inside a writing statement that keeps the read rows unchanged; empty where
   * all writes run one after another.
   */
  readonly shareLock: RawBuilder<unknown>
  /**
   * Whether other nodes of the database do not know these locks, so that only a change of a row keeps it for us. Asked inside of the
   * work, when a connection is open.
   */
  readonly locksOfReadsAreLocal: () => boolean
  /** Whether it takes `Hosts` and `hosts` for the same table. */
  readonly namesAreFolded: (db: Kysely<Database>) => Promise<boolean>
}

/**
 * Access to the database. STORE_UNAVAILABLE, STORE_CONFLICT, STORE_FULL, STORE_READ_ONLY; SCHEMA_…
 * while it is not known to be ours.
 */
export interface Transactions {
  /** Statements outside of a transaction: each reads the latest committed rows. */
  read<Result>(work: (db: Kysely<Database>) => Promise<Result>): Promise<Result>
  /** Writes, without a transaction unless the work opens one; undefined when a unique key is taken. */
  statement<Result>(work: (db: Kysely<Database>) => Promise<Result>): Promise<Result | undefined>
  readonly shareLock: RawBuilder<unknown>
  readonly locksOfReadsAreLocal: () => boolean
  /** Whether the latest write found the disk full, or the database read-only. */
  lastWriteFailed(): boolean
  /** Several reads that see the same moment. */
  snapshot<Result>(work: (trx: Transaction<Database>) => Promise<Result>): Promise<Result>
  /** All or nothing. The work may run several times. */
  write<Result>(work: (trx: Transaction<Database>) => Promise<Result>): Promise<Result>
  /** A write whose unique key may be taken. It then fails with the given code and message. */
  writeUnique<Result>(
    taken: { readonly code: ErrorCode; readonly message: string },
    work: (trx: Transaction<Database>) => Promise<Result>,
  ): Promise<Result>
}

const ATTEMPTS_MAX = 10
/**
 * No attempt starts later than this, ms. An attempt that waited for a lock may have taken five
 * seconds.
 */
const RETRY_MS_MAX = 8000
const BACKOFF_MS_FIRST = 10
const BACKOFF_MS_MAX = 250

export function transactions(
  connection: SqlConnection,
  ports: StorePorts,
  gate: Pick<SchemaGate, 'isOpen' | 'open'>,
): Transactions {
  const { db, failureOf, shareLock, locksOfReadsAreLocal } = connection
  let lastWriteFailed = false

  const pause = (attempt: number): Promise<void> => {
    const backoffMs = Math.min(BACKOFF_MS_FIRST * 2 ** attempt, BACKOFF_MS_MAX)
    return sleep(ports.clock, backoffMs * (0.5 + ports.random.next() / 2))
  }

  const persist = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const startedAt = ports.clock.monotonicMs()
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (!gate.isOpen()) await gate.open()
        return await work()
      } catch (error) {
        if (!isConflict(error, failureOf)) throw named(error, failureOf)
        const elapsedMs = ports.clock.monotonicMs() - startedAt
        if (attempt === ATTEMPTS_MAX || elapsedMs > RETRY_MS_MAX) {
          const message = `the database refused ${attempt} attempts: ${describeError(error)}`
          throw new CodedError('STORE_CONFLICT', message, { cause: error })
        }
        ports.retried?.()
        await pause(attempt)
      }
    }
  }

  const snapshots = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  const noted = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      const result = await persist(work)
      lastWriteFailed = false
      return result
    } catch (error) {
      if (isCoded(error, 'STORE_FULL', 'STORE_READ_ONLY')) lastWriteFailed = true
      throw error
    }
  }
  const write: Transactions['write'] = (work) => noted(() => db.transaction().execute(work))
  return {
    read: (work) => persist(() => work(db)),
    statement: async (work) => {
      try {
        return await noted(() => work(db))
      } catch (error) {
        if (failureOf(error) === 'duplicate') return undefined
        throw error
      }
    },
    shareLock,
    locksOfReadsAreLocal,
    lastWriteFailed: () => lastWriteFailed,
    snapshot: (work) => persist(() => snapshots.execute(work)),
    write,
    writeUnique: async ({ code, message }, work) => {
      try {
        return await write(work)
      } catch (cause) {
        throw failureOf(cause) === 'duplicate' ? new CodedError(code, message, { cause }) : cause
      }
    },
  }
}

/** Kysely's message after the store was closed. */
const CLOSED = 'driver has already been destroyed'

const isConflict = (error: unknown, failureOf: SqlConnection['failureOf']): boolean =>
  isCoded(error) ? error.code === 'STORE_CONFLICT' : failureOf(error) === 'conflict'

const NAMES: Readonly<Partial<Record<SqlFailure, readonly [code: ErrorCode, text: string]>>> = {
  unavailable: ['STORE_UNAVAILABLE', 'the database does not answer'],
  full: ['STORE_FULL', 'the disk of the database is full'],
  'read-only': ['STORE_READ_ONLY', 'the database takes no writes'],
  denied: ['STORE_READ_ONLY', 'the database account has not the rights'],
}

function named(error: unknown, failureOf: SqlConnection['failureOf']): unknown {
  if (isCoded(error)) return error
  const isClosed = error instanceof Error && error.message === CLOSED
  const failure = isClosed ? 'unavailable' : failureOf(error)
  const name = failure === undefined ? undefined : NAMES[failure]
  if (name === undefined) return error
  const [code, text] = name
  return new CodedError(code, `${text}: ${describeError(error)}`, { cause: error })
}
