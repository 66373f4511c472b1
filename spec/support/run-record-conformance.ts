/** What every RunRecord promises: registers the tests for one kind. */
import type { TestFn } from 'ava'
import { KEPT_RUNS_MAX, type KeptRuns, type RunRecord } from '../../actors/ports/run-record.ts'
import { instanceId } from '../../schema/ids.ts'

/** A record of so many guests. */
export const recordOf = (guests: number, boot = 'boot-1'): KeptRuns => ({
  boot,
  keptAt: 1_767_225_600_000,
  runs: Array.from({ length: guests }, (_, n) => ({
    instance: instanceId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`),
    run: n + 1,
  })),
})

/** Registers the tests. `open` makes a new record of a host whose boot is `boot-1`. */
export function runRecordConformance(test: TestFn, open: () => Promise<RunRecord>): void {
  test('what was kept last is read, and nothing before that', async (t) => {
    const record = await open()
    t.is(await record.boot(), 'boot-1')
    t.is(await record.read(), undefined)
    for (const guests of [3, KEPT_RUNS_MAX, 0, 2]) {
      await record.keep(recordOf(guests))
      t.deepEqual(await record.read(), recordOf(guests))
    }
    await Promise.all([record.keep(recordOf(4)), record.keep(recordOf(5))])
    t.deepEqual(await record.read(), recordOf(5))
  })
}
