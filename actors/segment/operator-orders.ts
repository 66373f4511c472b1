/** What an operator's pause, stop, cancel or leave to go on means for a recovery that is under way. Pure. */
import type { EvacuatorMessage } from '../evacuator/evacuator-messages.ts'
import type { FenceMessage } from '../fence/fence-messages.ts'
import type { InstanceRecoveryMessage } from '../instance-recovery/instance-recovery.ts'
import { tell } from '../kernel/behaviour.ts'
import { refOf } from '../kernel/ref.ts'
import type { UnfinishedRecovery } from '../ports/store.ts'
import type { ProcessRecoveryMessage } from '../process-recovery/process-recovery.ts'
import { waits, type Recovery } from './recovery.ts'
import { decideAnew, withRecovery, type SegmentState, type SegmentStep } from './segment-state.ts'

/** Repeated with every look; who works on it is told once, and who waits is decided on at once, after any word. */
export function onWords(
  state: SegmentState,
  known: Recovery,
  { standing, wordCount }: UnfinishedRecovery,
): SegmentStep {
  if (isSame(known.standing, standing)) {
    const isHeard = wordCount === known.wordsHeard || !waits(known)
    return isHeard ? [state, []] : decideAnew(state, known)
  }
  const recovery = { ...known, standing }
  const next = withRecovery(state, recovery)
  if (waits(recovery)) return decideAnew(next, recovery)
  return standing.kind === 'free' ? [next, []] : [next, forbid(recovery, standing.reason)]
}

const isSame = (one: Recovery['standing'], other: Recovery['standing']): boolean =>
  one.kind === other.kind &&
  (one.kind === 'free' || other.kind === 'free' || one.reason === other.reason)

/** The store refuses every further step anyway; this only saves the time until the next one. */
function forbid(
  { phase, notification: { uuid } }: Recovery,
  reason: string,
): readonly ReturnType<typeof tell>[] {
  switch (phase.kind) {
    case 'fencing':
      return [tell(refOf<FenceMessage>('fence', uuid), { type: 'fence.forbid', reason })]
    case 'evacuating': {
      const evacuator = refOf<EvacuatorMessage>('evacuator', uuid)
      return [tell(evacuator, { type: 'evacuator.forbid', reason })]
    }
    case 'restarting': {
      const recovery = refOf<InstanceRecoveryMessage>('instance-recovery', uuid)
      return [tell(recovery, { type: 'instance.forbid', reason })]
    }
    case 'disabling': {
      const recovery = refOf<ProcessRecoveryMessage>('process-recovery', uuid)
      return [tell(recovery, { type: 'process.forbid', reason })]
    }
    default:
      return []
  }
}
