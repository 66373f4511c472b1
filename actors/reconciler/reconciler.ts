/**
 * Looks after what a recovery gave up before it ended, minute by minute: for an hour, whether Nova has brought it to an end
 * by itself, and once its host is back, whether it runs again. All that it knows is in the store, so any leader goes on.
 */
import type { Epoch } from '../../schema/ids.ts'
import type { Definition } from '../kernel/behaviour.ts'
import { definePeriodic, type LookNow } from '../kernel/periodic.ts'
import { SUPERVISION } from '../supervision.ts'
import { correcting } from './perform-correcting.ts'
import { restartOnReturn } from './perform-restart.ts'
import type { ReconcilerWorld } from './reconciler-world.ts'

export type ReconcilerMessage = LookNow

/** Nobody waits for it: a request a minute for each host that has left something behind. */
const INTERVAL_MS = 60_000

/** The actor that corrects the record, with one epoch. */
export function defineReconciler(
  world: ReconcilerWorld,
  epoch: Epoch,
): Definition<ReconcilerMessage> {
  return definePeriodic({
    parts: [correcting(world, epoch), restartOnReturn(world, epoch)],
    firstPauseMs: INTERVAL_MS,
    pauseMs: INTERVAL_MS,
    policy: SUPERVISION.reconciler,
  })
}
