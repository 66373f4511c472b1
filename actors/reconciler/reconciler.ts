/**
 * Looks after what a recovery gave up before it ended, minute by minute: for an hour, whether Nova has brought it to an end
 * by itself, and once its host is back, whether it runs again. All that it knows is in the store, so any leader goes on.
 */
import type { Epoch, HostName, MoveId } from '../../schema/ids.ts'
import type { VmMove } from '../../schema/records.ts'
import { isComputeTrouble, type Evacuation } from '../ports/compute.ts'
import { define, type Definition, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import { LEAF } from '../kernel/supervision.ts'
import { isStoreAway } from '../ports/store.ts'
import type { ReconcilerWorld, ReconcilerLook } from './reconciler-world.ts'
import { RECORDS_SINCE_MS } from '../evacuator/apply-records.ts'
import { lateCompletion } from './late-completion.ts'
import { restartOnReturn } from './restart-on-return.ts'

export type ReconcilerMessage =
  { readonly type: 'reconciler.look-due' } | { readonly type: 'reconciler.looked' }
type ReconcilerState = { readonly kind: 'looking' }
type ReconcilerEffect = { readonly type: 'moves.look' }

/** Nobody waits for it: a request a minute for each host that has left something behind. */
const INTERVAL_MS = 60_000
/** Longer than Nova takes to give anything up itself. */
const PATIENCE_MS = 3_600_000

/** The actor that corrects the record, with one epoch. */
export function defineReconciler(
  world: ReconcilerWorld,
  epoch: Epoch,
): Definition<ReconcilerMessage> {
  const refused = new Set<MoveId>()
  const later: KernelEffect<ReconcilerMessage> = {
    type: 'timer.start',
    name: 'look',
    afterMs: INTERVAL_MS,
    message: { type: 'reconciler.look-due' },
  }
  return define<ReconcilerState, ReconcilerMessage, ReconcilerEffect>({
    initial: { kind: 'looking' },
    behaviour: (
      state,
      { type },
    ): Step<ReconcilerState, ReconcilerEffect | KernelEffect<ReconcilerMessage>> =>
      type === 'reconciler.looked' ? [state, [later]] : [state, [{ type: 'moves.look' }]],
    first: { type: 'reconciler.looked' },
    policy: LEAF,
    perform: async (_effect, signal) => {
      await look({ world, epoch, refused, signal })
      return { type: 'reconciler.looked' }
    },
  })
}

/** Whatever is away now is there at the next look. */
async function look(looking: ReconcilerLook): Promise<void> {
  try {
    await correctRecord(looking)
    await restartOnReturn(looking)
  } catch (error) {
    const isAway = isStoreAway(error)
    if (!isAway && !isComputeTrouble(error)) throw error
  }
}

/** One request for each host. */
async function correctRecord(looking: ReconcilerLook): Promise<void> {
  const { store, clock } = looking.world
  const moves = await store.listGivenUp(clock.wallMs() - PATIENCE_MS)
  for (const [host, ofHost] of Map.groupBy(moves, ({ sourceHost }) => sourceHost)) {
    await lookAt(looking, host, ofHost)
  }
}

async function lookAt(
  looking: ReconcilerLook,
  host: HostName,
  moves: readonly VmMove[],
): Promise<void> {
  const { world, signal } = looking
  const since = world.clock.wallMs() - RECORDS_SINCE_MS
  const records = await world.compute.listEvacuations(host, since, signal)
  for (const move of moves) await lookFor(looking, move, records)
}

/** Nova's record, and the server where it says: neither alone is believed. */
async function lookFor(
  { world, epoch, signal }: ReconcilerLook,
  move: VmMove,
  records: readonly Evacuation[],
): Promise<void> {
  const dest = lateCompletion(move, records)
  if (dest === undefined) return
  const instance = await world.compute.getInstance(move.instance, signal)
  if (instance?.host !== dest) return
  world.term.assert(epoch)
  const correction = await world.store.recordLateCompletion(epoch, move.uuid, dest)
  if (correction === undefined) return
  const { notification, instance: id, instanceName } = move
  const { done, total } = correction
  const { status, message } = correction.notification
  const about = { notification, instance: id, instanceName, dest, reason: LATE }
  world.announcer.announce('move.stepped', { ...about, status: 'succeeded', done, total })
  const stepped = { notification, host: move.sourceHost, reason: message ?? LATE, evidence: [LATE] }
  const step = status === 'finished' ? status : 'failed'
  world.announcer.announce('recovery.stepped', { ...stepped, step })
}

const LATE = 'Nova recorded it as done after the recovery had ended'
