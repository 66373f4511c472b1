/**
 * What an operator's pause, stop, cancel or resume means for a recovery that is under way. Pure.
 */
import { tell } from '../kernel/behaviour.ts'
import { refOf } from '../registry.ts'
import type { Control } from '../../schema/recovery-control.ts'
import { queue } from './outcomes.ts'
import type {
  RecoveryEffects,
  RecoveryMessage,
  RecoveryOrder,
  RecoveryState,
  RecoveryStep,
} from './recovery-messages.ts'

/**
 * Comes again with every check of the store. The actor that works for the recovery is told once. A
 * recovery that waits is decided again at once after any command.
 */
export function onHeard(
  order: RecoveryOrder,
  state: RecoveryState,
  { control, commandCount }: RecoveryMessage & { readonly type: 'recovery.heard' },
): RecoveryStep {
  const { known } = state
  const mayWait = state.kind === 'held' || state.kind === 'pausing'
  if (isSame(known.control, control)) {
    return commandCount === known.commandsHeard || !mayWait ? [state, []] : queue(state, null)
  }
  const next = { ...state, known: { ...known, control } }
  if (mayWait) return queue(next, null)
  return control.kind === 'running' ? [next, []] : [next, forbid(order, state, control.reason)]
}

const isSame = (one: Control, other: Control): boolean =>
  one.kind === other.kind &&
  (one.kind === 'running' || other.kind === 'running' || one.reason === other.reason)

/**
 * The store refuses every further step in any case. This message only makes the actor stop before
 * its next step.
 */
function forbid(
  { notification: { uuid } }: RecoveryOrder,
  { kind }: RecoveryState,
  reason: string,
): RecoveryEffects {
  switch (kind) {
    case 'fencing':
      return [tell(refOf('fence', uuid), { type: 'fence.forbid', reason })]
    case 'evacuating': {
      const evacuator = refOf('evacuator', uuid)
      return [tell(evacuator, { type: 'evacuator.forbid', reason })]
    }
    case 'restarting': {
      const recovery = refOf('instance-recovery', uuid)
      return [tell(recovery, { type: 'instance.forbid', reason })]
    }
    case 'disabling': {
      const recovery = refOf('process-recovery', uuid)
      return [tell(recovery, { type: 'process.forbid', reason })]
    }
    default:
      return []
  }
}
