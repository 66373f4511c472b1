/** Runs the housekeeper on the store. */
import { describeError } from '../../schema/errors.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { Definition } from '../kernel/behaviour.ts'
import { definePeriodic, part, type LookNow } from '../kernel/periodic.ts'
import { SUPERVISION } from '../supervision.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { LogPort } from '../ports/log.ts'
import type { HousekeepingStore } from '../ports/housekeeping-store.ts'
import { isStoreAway } from '../ports/store.ts'
import { housekeeper, type HousekeeperAnswer, type HousekeeperTask } from './housekeeper.ts'

export type HousekeeperMessage = LookNow

/** What is old enough to go, and how much of it at a time. */
export interface HousekeepingRules {
  readonly retentionMs: number
  readonly rowsMax: number
}

/** What the housekeeper needs of the world. */
export interface HousekeeperWorld {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly store: Pick<HousekeepingStore, 'purge'>
  readonly rules: HousekeepingRules
}

/** A new leader has more urgent things to do. */
const FIRST_PAUSE_MS = 600_000
/** What is deleted is days old. A failed purge may wait for the next one. */
const PAUSE_MS = 3_600_000

/** The actor that purges while we lead. */
export function defineHousekeeper(world: HousekeeperWorld): Definition<HousekeeperMessage> {
  return definePeriodic({
    parts: [
      part<null, HousekeeperTask, HousekeeperAnswer>({
        initial: null,
        first: { type: 'store.purge' },
        decide: housekeeper,
        perform: (task) => perform(world, task),
      }),
    ],
    firstPauseMs: FIRST_PAUSE_MS,
    pauseMs: PAUSE_MS,
    policy: SUPERVISION.housekeeper,
  })
}

async function perform(
  { clock, log, store, rules }: HousekeeperWorld,
  task: HousekeeperTask,
): Promise<HousekeeperAnswer> {
  const { retentionMs, rowsMax } = rules
  switch (task.type) {
    case 'store.purge':
      try {
        const purged = await store.purge({ before: clock.wallMs() - retentionMs, rowsMax })
        return { type: 'store.purged', purged }
      } catch (error) {
        if (!isStoreAway(error)) throw error
        return { type: 'store.away', problem: describeError(error) }
      }
    case 'log.purged':
      log.info({ ...task.purged }, 'old rows are gone for good')
      return { type: 'log.written' }
    case 'log.put-off':
      log.warn({ error: task.problem }, 'old rows stay for now')
      return { type: 'log.written' }
    default:
      return assertNever(task)
  }
}
