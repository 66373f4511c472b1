/**
 * Looks after what recoveries have left when they ended: hosts that are out of service, changes that nobody needs any more, and
 * instances that are locked. It looks at one of them at a time, and takes one step of each in a round.
 */
import type { Epoch } from '../../schema/ids.ts'
import type { Definition } from '../kernel/behaviour.ts'
import { definePeriodic, type LookNow } from '../kernel/periodic.ts'
import { SUPERVISION } from '../supervision.ts'
import { hostReturn } from './perform-host-return.ts'
import { undoing } from './perform-undoing.ts'
import { unlocking } from './perform-unlocking.ts'
import type { ReturnWorld } from './return-world.ts'

export type ReturnerMessage = LookNow

/** Hosts come first: what stands in for a host is undone once it is back. */
export function defineReturner(world: ReturnWorld, epoch: Epoch): Definition<ReturnerMessage> {
  const { lookIntervalMs } = world.rules
  return definePeriodic({
    parts: [hostReturn(world, epoch), undoing(world, epoch), unlocking(world, epoch)],
    firstPauseMs: lookIntervalMs,
    pauseMs: lookIntervalMs,
    policy: SUPERVISION.returner,
  })
}
