/** What an operator's pause, stop, cancel or leave to go on means for a recovery that is under way. Pure. */
import type { Standing } from '../../schema/standing.ts'
import type { EvacuatorMessage } from '../evacuator/evacuator-messages.ts'
import type { FenceMessage } from '../fence/fence.ts'
import { tell } from '../kernel/behaviour.ts'
import { refOf } from '../kernel/ref.ts'
import { waits, type Recovery } from './recovery.ts'
import { decideAnew, withRecovery, type SegmentState, type SegmentStep } from './segment-state.ts'

/** Repeated with every look; who works on it is told once, and who waits is decided on at once. */
export function onStanding(state: SegmentState, known: Recovery, standing: Standing): SegmentStep {
  if (isSame(known.standing, standing)) return [state, []]
  const recovery = { ...known, standing }
  const next = withRecovery(state, recovery)
  if (waits(recovery)) return decideAnew(next, recovery)
  return standing.kind === 'free' ? [next, []] : [next, forbid(recovery, standing.reason)]
}

const isSame = (one: Standing, other: Standing): boolean =>
  one.kind === other.kind &&
  (one.kind === 'free' || other.kind === 'free' || one.reason === other.reason)

/** The store refuses every further step anyway; this only saves the time until the next one. */
function forbid(
  { phase, notification: { uuid } }: Recovery,
  reason: string,
): readonly ReturnType<typeof tell>[] {
  if (phase.kind === 'fencing') {
    return [tell(refOf<FenceMessage>('fence', uuid), { type: 'fence.forbid', reason })]
  }
  if (phase.kind !== 'evacuating') return []
  return [tell(refOf<EvacuatorMessage>('evacuator', uuid), { type: 'evacuator.forbid', reason })]
}
