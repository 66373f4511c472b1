/**
 * Migrations of one database run one after the other: the migrating process holds a row. GET_LOCK
 * is not used, because Galera keeps it on one node and some builds refuse it. A row lock is not
 * used, because DDL commits and Galera does not replicate it.
 */
import { MysqlAdapter, sql, type Kysely, type MigrationLockOptions, type RawBuilder } from 'kysely'
import { sleep } from '../../actors/ports/clock.ts'
import { CodedError } from '../../schema/errors.ts'
import type { StorePorts } from './transactions.ts'

/** How often the holder writes a new number, ms. */
const RENEW_MS = 2000
/**
 * A holder whose number has not changed for so long by our own clock has died, ms. Clocks of
 * machines are not compared.
 */
const STALE_MS = 10_000
const LOOK_MS = 250
/** Long enough to see that a holder has died. */
const WAIT_MS_MAX = 15_000
/** The column is a signed integer, and 0 means free. */
const NUMBERS = 2 ** 31 - 2

/**
 * Runs a statement on another connection than the migrating one; returns how many rows it found.
 */
export type RunBeside = (statement: RawBuilder<unknown>) => Promise<bigint>

interface Holding {
  number: number
  /** Ends the renewals. */
  end: () => void
}

/**
 * Lets one process at a time migrate a database. STORE_CONFLICT for a process that waited too long.
 */
export class MigrationLock extends MysqlAdapter {
  readonly #ports: StorePorts
  readonly #beside: RunBeside
  #holding: Holding | undefined

  constructor(ports: StorePorts, beside: RunBeside) {
    super()
    this.#ports = ports
    this.#beside = beside
  }

  override async acquireMigrationLock(
    db: Kysely<unknown>,
    options: MigrationLockOptions,
  ): Promise<void> {
    const { clock } = this.#ports
    const startedAtMs = clock.monotonicMs()
    let seen = { number: 0, sinceMs: startedAtMs }
    while (clock.monotonicMs() - startedAtMs < WAIT_MS_MAX) {
      const number = await readNumber(db, options)
      if (number !== seen.number) seen = { number, sinceMs: clock.monotonicMs() }
      const isFree = number === 0 || clock.monotonicMs() - seen.sinceMs >= STALE_MS
      if (isFree && (await this.#take(db, options, number))) return
      await sleep(clock, LOOK_MS)
    }
    throw new CodedError('STORE_CONFLICT', 'another process is migrating the database')
  }

  /**
   * Never throws: Kysely would throw that error instead of the reason why the migration failed. A
   * row that is not released becomes stale.
   */
  override async releaseMigrationLock(
    db: Kysely<unknown>,
    options: MigrationLockOptions,
  ): Promise<void> {
    const holding = this.#holding
    if (holding === undefined) return
    this.#holding = undefined
    holding.end()
    try {
      await replaceNumber(options, holding.number, 0).execute(db)
    } catch {
      return // it becomes stale
    }
  }

  async #take(db: Kysely<unknown>, options: MigrationLockOptions, from: number): Promise<boolean> {
    const number = this.#otherThan(from)
    const { numAffectedRows } = await replaceNumber(options, from, number).execute(db)
    if (numAffectedRows !== 1n) return false
    const holding: Holding = { number, end: () => undefined }
    this.#holding = holding
    this.#renewLater(holding, options)
    return true
  }

  #renewLater(holding: Holding, options: MigrationLockOptions): void {
    holding.end = this.#ports.clock.schedule(RENEW_MS, () => void this.#renew(holding, options))
  }

  async #renew(holding: Holding, options: MigrationLockOptions): Promise<void> {
    const { number } = holding
    const next = this.#otherThan(number)
    try {
      const found = await this.#beside(replaceNumber(options, number, next))
      if (found !== 1n) return // another process has taken over. Each migration may run twice, so the present one may end
      holding.number = next
    } catch {
      // Tried again below. When another process takes over meanwhile, see above.
    }
    if (this.#holding === holding) this.#renewLater(holding, options)
  }

  #otherThan(number: number): number {
    const drawn = 1 + Math.floor(this.#ports.random.next() * NUMBERS)
    return drawn === number ? drawn + 1 : drawn
  }
}

async function readNumber(db: Kysely<unknown>, options: MigrationLockOptions): Promise<number> {
  const { lockTable, lockRowId } = options
  const query = sql<{
    is_locked: number
  }>`select is_locked from ${sql.table(lockTable)} where id = ${lockRowId}`
  const { rows } = await query.execute(db)
  return rows[0]?.is_locked ?? 0
}

const replaceNumber = (
  { lockTable, lockRowId }: MigrationLockOptions,
  from: number,
  to: number,
): RawBuilder<unknown> =>
  sql`update ${sql.table(lockTable)} set is_locked = ${to} where id = ${lockRowId} and is_locked = ${from}`
