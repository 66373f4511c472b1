/** Runs work on the database: retries what may succeed at once, and names what cannot. */
import type { Kysely, RawBuilder, Transaction } from 'kysely'
import type { ClockPort, RandomPort } from '../../actors/ports/clock.ts'
import { CodedError, describeError, isCoded, type ErrorCode } from '../../schema/errors.ts'
import type { Database } from '../../schema/tables.ts'

/** Time and chance of whoever opens a store. */
export interface StorePorts {
  readonly clock: ClockPort
  readonly random: RandomPort
}

/** conflict: another transaction was first; unavailable: no database; duplicate: a unique key is taken. */
export type SqlFailure = 'conflict' | 'unavailable' | 'duplicate'

/** One database of one kind. */
export interface SqlConnection {
  readonly db: Kysely<Database>
  /** What an error of this kind of database means; undefined when it is none of the three. */
  readonly failureOf: (error: unknown) => SqlFailure | undefined
  /** How the end of a SELECT in a statement that writes keeps what it read as it is; empty where all writes are one after another. */
  readonly shareLock: RawBuilder<unknown>
}

/** The ways to reach the database. STORE_UNAVAILABLE, STORE_CONFLICT. */
export interface Transactions {
  /** Statements outside of a transaction: each sees the latest committed rows. */
  read<Result>(work: (db: Kysely<Database>) => Promise<Result>): Promise<Result>
  /** One statement that writes, without a transaction around it; undefined when a unique key is taken. */
  statement<Result>(work: (db: Kysely<Database>) => Promise<Result>): Promise<Result | undefined>
  readonly shareLock: RawBuilder<unknown>
  /** Reads that all see the same moment. */
  snapshot<Result>(work: (trx: Transaction<Database>) => Promise<Result>): Promise<Result>
  /** All or nothing. The work may run several times. */
  write<Result>(work: (trx: Transaction<Database>) => Promise<Result>): Promise<Result>
  /** A write whose unique key may be taken: then it fails with that code and message. */
  writeUnique<Result>(
    taken: { readonly code: ErrorCode; readonly message: string },
    work: (trx: Transaction<Database>) => Promise<Result>,
  ): Promise<Result>
}

const ATTEMPTS_MAX = 10
/** No attempt starts later than this: one that waited for a lock may have taken five seconds. */
const RETRY_MS_MAX = 8000
const BACKOFF_MS_FIRST = 10
const BACKOFF_MS_MAX = 250

export function transactions(connection: SqlConnection, ports: StorePorts): Transactions {
  const { db, failureOf, shareLock } = connection

  const pause = (attempt: number): Promise<void> => {
    const backoffMs = Math.min(BACKOFF_MS_FIRST * 2 ** attempt, BACKOFF_MS_MAX)
    const { promise, resolve } = Promise.withResolvers<void>()
    ports.clock.schedule(backoffMs * (0.5 + ports.random.next() / 2), resolve)
    return promise
  }

  const persist = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const startedAt = ports.clock.monotonicMs()
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work()
      } catch (error) {
        if (!isConflict(error, failureOf)) throw named(error, failureOf)
        const elapsedMs = ports.clock.monotonicMs() - startedAt
        if (attempt === ATTEMPTS_MAX || elapsedMs > RETRY_MS_MAX) {
          const message = `the database refused ${attempt} attempts: ${describeError(error)}`
          throw new CodedError('STORE_CONFLICT', message, { cause: error })
        }
        await pause(attempt)
      }
    }
  }

  const snapshots = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  const write: Transactions['write'] = (work) => persist(() => db.transaction().execute(work))
  return {
    read: (work) => persist(() => work(db)),
    statement: async (work) => {
      try {
        return await persist(() => work(db))
      } catch (error) {
        if (failureOf(error) === 'duplicate') return undefined
        throw error
      }
    },
    shareLock,
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

/** What Kysely says once the store was closed. */
const CLOSED = 'driver has already been destroyed'

const isConflict = (error: unknown, failureOf: SqlConnection['failureOf']): boolean =>
  isCoded(error) ? error.code === 'STORE_CONFLICT' : failureOf(error) === 'conflict'

function named(error: unknown, failureOf: SqlConnection['failureOf']): unknown {
  const isClosed = error instanceof Error && error.message === CLOSED
  if (isCoded(error) || !(isClosed || failureOf(error) === 'unavailable')) return error
  const message = `the database does not answer: ${describeError(error)}`
  return new CodedError('STORE_UNAVAILABLE', message, { cause: error })
}
