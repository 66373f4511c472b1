/** A recovery in which nothing can be done before there is room for its instances is not in flight: others may begin. Pure. */
import type { EvacuatorReply } from '../evacuator/evacuator-reply.ts'
import type { Recovery } from './recovery.ts'
import { withPhase, type SegmentState, type SegmentStep } from './segment-state.ts'

/** Its host still counts for the rest of the window. Whoever goes on asks nobody: his host is certainly dead. */
export function onRoom(
  state: SegmentState,
  recovery: Recovery,
  { room }: EvacuatorReply & { readonly type: 'evacuator.room' },
): SegmentStep {
  if (recovery.phase.kind !== 'evacuating') return [state, []]
  const { host } = recovery
  const next = withPhase(state, recovery, { kind: 'evacuating', room })
  return [next, [{ type: room === 'awaited' ? 'flight.leave' : 'flight.rejoin', host }]]
}
