/** Writes what an evacuation does about its host into the journal, and announces it on the bus. */
import type { AnnouncedStep } from '../../schema/messages/recovery.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { NewEntry } from '../ports/store.ts'
import type { EvacuationContext } from './evacuation-context.ts'

/** Writes a line about the host into the journal. Waits while the store does not answer. */
export async function note(
  { world, order, signal }: EvacuationContext,
  entry: Pick<NewEntry, 'kind' | 'step' | 'detail'>,
): Promise<void> {
  const { notification, host: subject } = order
  await untilStored(world.clock, signal, () =>
    world.store.appendJournal(order.epoch, { notification, subject, ...entry }),
  )
}

/** Writes and announces why the evacuation does not go on at present. */
export async function noteWait(context: EvacuationContext, reason: string): Promise<void> {
  await note(context, { kind: 'decision', step: 'wait', detail: reason })
  announceStep(context, 'waiting', reason)
}

/** Announces on the bus that the recovery has taken a step. */
export function announceStep(
  { world, order }: EvacuationContext,
  step: AnnouncedStep,
  reason: string,
): void {
  const { notification, host } = order
  world.announcer.announce('recovery.stepped', { notification, host, step, reason, evidence: [] })
}
