/** Runs the housekeeper on the store. */
import { describeError } from '../../schema/errors.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { LEAF } from '../kernel/supervision.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { LogPort } from '../ports/log.ts'
import type { HousekeepingStore } from '../ports/housekeeping-store.ts'
import { isStoreAway } from '../ports/store.ts'
import {
  housekeeper,
  type HousekeeperEffect,
  type HousekeeperMessage,
  type HousekeeperState,
} from './housekeeper.ts'

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

/** The actor that purges while we lead. */
export function defineHousekeeper(world: HousekeeperWorld): Definition<HousekeeperMessage> {
  return define<HousekeeperState, HousekeeperMessage, HousekeeperEffect>({
    initial: { kind: 'keeping-house' },
    behaviour: housekeeper,
    first: { type: 'housekeeping.begin' },
    policy: LEAF,
    perform: () => purge(world),
  })
}

/** A store that is away is asked again next time: nothing is lost by forgetting later. */
async function purge({ clock, log, store, rules }: HousekeeperWorld): Promise<HousekeeperMessage> {
  const { retentionMs, rowsMax } = rules
  try {
    const purged = await store.purge({ before: clock.wallMs() - retentionMs, rowsMax })
    const { notifications, hosts, segments } = purged
    if (notifications + hosts + segments > 0) log.info({ ...purged }, 'old rows are gone for good')
  } catch (error) {
    if (!isStoreAway(error)) throw error
    log.warn({ error: describeError(error) }, 'old rows stay for now')
  }
  return { type: 'housekeeping.ended' }
}
