/** Undoes what recoveries changed and is not needed any more: spares are reserved again, aggregates left. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Epoch, HostId } from '../../schema/ids.ts'
import type { OpenChange } from '../ports/ledger.ts'
import type { NewEntry } from '../ports/store.ts'
import type { ReturnWorld } from './return-world.ts'
import type { Heartbeats } from './heartbeats.ts'
import { siteStop } from './site-stop.ts'
import { nextUndoStep, type UndoFacts, type UndoStep } from './undo-step.ts'

export interface Looking {
  readonly world: ReturnWorld
  readonly epoch: Epoch
  /** What each host waited for when we last looked: said once. */
  readonly said: Map<HostId, string>
  /** The same for each change in the ledger. */
  readonly saidOfChanges: Map<number, string>
  readonly beats: Heartbeats<HostId>
  /** The same for the service of each change. */
  readonly beatsOfChanges: Heartbeats<number>
  readonly signal: AbortSignal
}

/** One step for every change. */
export async function undoChanges(looking: Looking): Promise<void> {
  const { world, signal } = looking
  const changes = await world.store.listChanges()
  if (changes.every(({ recoveryEnded }) => !recoveryEnded)) return
  const spares = changes.some(({ kind }) => kind === 'aggregate')
  try {
    const aggregates = spares ? await world.compute.listAggregates(signal) : []
    for (const change of changes) {
      if (change.recoveryEnded) await undo(looking, change, { changes, aggregates })
    }
  } catch (error) {
    // Whatever is away now is there at the next look.
    if (!isCoded(error) || isCoded(error, 'STALE_EPOCH')) throw error
  }
}

async function undo(
  looking: Looking,
  change: OpenChange,
  known: Pick<UndoFacts, 'changes' | 'aggregates'>,
): Promise<void> {
  const { world, signal } = looking
  const { name } = change.host
  const [service, instances] = await Promise.all([
    world.compute.findService(name, signal),
    world.compute.listInstances(name, signal),
  ])
  const beats = looking.beatsOfChanges.look(change.id, service)
  const facts = { ...known, change, service, instances: instances.length, beats }
  const step = nextUndoStep(facts)
  try {
    await take(looking, change, step)
  } catch (error) {
    if (!isCoded(error, 'COMPUTE_REFUSED')) throw error
    // Nova keeps a host in its zone for as long as instances are on it.
    await note(looking, change, 'decision', `it stays as it is: ${describeError(error)}`)
  }
}

async function take(looking: Looking, change: OpenChange, step: UndoStep): Promise<void> {
  const { world, epoch, signal } = looking
  if (step.kind === 'keep') return
  if (step.kind === 'close') {
    await world.store.closeChange(epoch, change.id, step.outcome)
    return note(looking, change, 'outcome', step.outcome)
  }
  const stop = await siteStop(world.store)
  if (stop !== undefined) return note(looking, change, 'decision', stop)
  await note(looking, change, 'intent', STEPS[step.kind])
  world.term.assert(epoch)
  if (step.kind === 'reserve') await world.store.returnSpare(epoch, change.id)
  else if (step.kind === 'enable') await world.compute.enable(step.service, signal)
  else if (step.kind === 'disable') await world.compute.disable(step.service, REASON, signal)
  else await world.compute.leaveAggregate(change.subject, change.host.name, signal)
}

/** Shown in Nova at a spare that was given back. */
const REASON = 'reserved host'

const STEPS = {
  reserve: 'nothing is on it: it is reserved again',
  disable: "Nova's scheduler keeps away from it again",
  enable: "its nova-compute beats again: Nova's scheduler may use it",
  'leave-aggregate': 'it leaves an aggregate that it joined for a recovery',
} as const

/** Writes and says what is new. */
async function note(
  { world, epoch, saidOfChanges: said }: Looking,
  { id, host, notification }: OpenChange,
  kind: NewEntry['kind'],
  detail: string,
): Promise<void> {
  if (said.get(id) === detail) return
  await world.store.appendJournal(epoch, {
    notification,
    kind,
    step: 'give-back',
    subject: host.name,
    detail,
  })
  said.set(id, detail)
  const about = { notification, host: host.name, reason: detail }
  world.announcer.announce('recovery.stepped', { ...about, step: 'give-back', evidence: [] })
}
