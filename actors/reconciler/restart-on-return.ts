/** Starts what ran before the fault and was left, stopped by Nova, on a host that came back by itself (decision 0022). */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import type { VmMove } from '../../schema/records.ts'
import type { ReconcilerLook } from './reconciler-world.ts'
import { isLeftStopped, isNobodys } from './left-stopped.ts'

/** Twice as long as Nova takes at most to see what does not run on a host (`sync_power_state_interval`, 10 min). */
const PATIENCE_MS = 20 * 60_000

/** One request for each host, one more for each instance that is stopped. */
export async function restartOnReturn(looking: ReconcilerLook): Promise<void> {
  const { store, clock } = looking.world
  const moves = await store.listLeftStopped(clock.wallMs() - PATIENCE_MS)
  for (const [host, ofHost] of Map.groupBy(moves, ({ sourceHost }) => sourceHost)) {
    await startOn(looking, host, ofHost)
  }
}

async function startOn(
  looking: ReconcilerLook,
  host: HostName,
  moves: readonly VmMove[],
): Promise<void> {
  const { compute } = looking.world
  const instances = new Map(
    (await compute.listInstances(host, looking.signal)).map((each) => [each.id, each]),
  )
  for (const move of moves) {
    const instance = instances.get(move.instance)
    if (instance === undefined || !isLeftStopped(move, instance)) continue
    if (!looking.refused.has(move.uuid)) await consider(looking, move)
  }
}

async function consider(looking: ReconcilerLook, move: VmMove): Promise<void> {
  const { world, epoch, refused, signal } = looking
  try {
    const actions = await world.compute.listActions(move.instance, signal)
    if (isNobodys(move, actions)) await start(looking, move)
  } catch (error) {
    if (!isCoded(error, 'COMPUTE_REFUSED', 'COMPUTE_NOT_FOUND')) throw error
    refused.add(move.uuid)
    const about = { notification: move.notification, subject: move.instance } as const
    const entry = {
      ...about,
      kind: 'decision',
      step: 'start',
      detail: describeError(error),
    } as const
    await world.store.appendJournal(epoch, entry)
  }
}

async function start({ world, epoch, signal }: ReconcilerLook, move: VmMove): Promise<void> {
  const { notification, instance, sourceHost: host } = move
  const grant = await world.store.recordStart(epoch, move.uuid, REASON)
  if (grant.kind === 'refused') return // an operator's word; it is looked at again
  world.term.assert(epoch)
  await world.compute.start(instance, signal)
  const evidence = [`Nova has stopped ${move.instanceName} in nobody's name`]
  const about = { notification, host, reason: REASON, evidence }
  world.announcer.announce('recovery.stepped', { ...about, step: 'start' })
}

const REASON = 'it ran before the fault and was left on a host that is back'
