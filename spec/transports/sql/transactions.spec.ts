/** Retries of the store: limited, with pauses, and only for what may succeed. */
import test from 'ava'
import { Kysely, sql, SqliteDialect } from 'kysely'
import type { RandomPort } from '../../../actors/ports/clock.ts'
import type { Database } from '../../../schema/tables.ts'
import { CodedError, StaleEpochError } from '../../../schema/errors.ts'
import { epoch } from '../../../schema/ids.ts'
import { transactions, type SqlFailure } from '../../../transports/sql/transactions.ts'
import { SystemClock } from '../../../transports/system/clock.ts'

/** Fires at once, and keeps the requested delays. */
class EagerClock extends SystemClock {
  readonly delays: number[] = []
  elapsedMs = 0
  override monotonicMs(): number {
    return this.elapsedMs
  }
  override schedule(afterMs: number, callback: () => void): () => void {
    this.delays.push(afterMs)
    callback()
    return () => undefined
  }
}

const FAILURES: Readonly<Record<string, SqlFailure>> = {
  busy: 'conflict',
  gone: 'unavailable',
  same: 'duplicate',
}

const failureOf = (error: unknown): SqlFailure | undefined =>
  error instanceof Error ? FAILURES[error.message] : undefined

/** Random numbers that always give the shortest pause. */
const STILL: RandomPort = { next: () => 0, uuid: () => '', fork: () => STILL }

function attempts() {
  const clock = new EagerClock()
  const db = new Kysely<Database>({
    dialect: new SqliteDialect({ database: () => Promise.reject(new Error('unused')) }),
  })
  const steps = transactions(
    {
      db,
      failureOf,
      shareLock: sql``,
      locksOfReadsAreLocal: () => false,
      namesAreFolded: () => Promise.resolve(true),
    },
    { clock, random: STILL },
    { isOpen: () => true, open: () => Promise.resolve() },
  )
  return { clock, steps }
}

/** Work that fails with these texts in order, and then succeeds. */
function failing(...texts: readonly string[]) {
  let runs = 0
  return {
    runs: () => runs,
    work: async (): Promise<string> => {
      const text = texts[runs]
      runs += 1
      if (text !== undefined) throw new Error(text)
      return 'done'
    },
  }
}

test('conflict is tried again, after a pause that grows up to a limit', async (t) => {
  const { clock, steps } = attempts()
  const { work, runs } = failing(...Array.from({ length: 9 }, () => 'busy'))
  t.is(await steps.read(work), 'done')
  t.is(runs(), 10)
  t.deepEqual(clock.delays, [10, 20, 40, 80, 125, 125, 125, 125, 125])
})

test('conflict that stays is STORE_CONFLICT after ten attempts, or when time is up', async (t) => {
  const { clock, steps } = attempts()
  const stays = failing(...Array.from({ length: 99 }, () => 'busy'))
  await t.throwsAsync(steps.read(stays.work), { code: 'STORE_CONFLICT' })
  t.is(stays.runs(), 10)
  const slow = failing('busy', 'busy', 'busy')
  const work = (): Promise<string> => {
    clock.elapsedMs += 5000
    return slow.work()
  }
  await t.throwsAsync(steps.read(work), { code: 'STORE_CONFLICT' })
  t.is(slow.runs(), 2)
})

test('lost database is reported at once, because the outcome is unknown', async (t) => {
  const { clock, steps } = attempts()
  const { work, runs } = failing('gone')
  const error = await t.throwsAsync(steps.read(work), {
    instanceOf: CodedError,
    code: 'STORE_UNAVAILABLE',
  })
  t.like(error.cause, { message: 'gone' })
  t.is(runs(), 1)
  t.deepEqual(clock.delays, [])
})

test('errors of ours pass unchanged', async (t) => {
  const { steps } = attempts()
  await t.throwsAsync(steps.read(failing('a bug').work), { message: 'a bug' })
  const stale = new StaleEpochError(epoch(3), 'stale')
  t.is(await t.throwsAsync(steps.read(() => Promise.reject(stale))), stale)
})
