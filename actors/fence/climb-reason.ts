/** Why a fence still climbs, for those who watch it: the rung that it tries, and what it waits for there. Pure. */
import { rungTitle } from '../../schema/segment-policy.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type {
  Climbing,
  FenceEffect,
  FenceMessage,
  FenceOrder,
  FenceState,
} from './fence-messages.ts'

/** A state of the fence that says why it is. */
export type ExplainedState =
  Exclude<FenceState, Climbing> | (Climbing & { readonly reason: string })

type Explain<State> = (
  state: State,
  message: FenceMessage,
) => Step<State, FenceEffect | KernelEffect<FenceMessage>>

/** The same fence, with a reason while it climbs. */
export const explained =
  (order: Pick<FenceOrder, 'rungs'>, fence: Explain<FenceState>): Explain<ExplainedState> =>
  (state, message) => {
    const [next, effects] = fence(state, message)
    return next.kind === 'climbing'
      ? [{ ...next, reason: climbReason(order, next) }, effects]
      : [next, effects]
  }

function climbReason({ rungs }: Pick<FenceOrder, 'rungs'>, state: Climbing): string {
  const { look } = state
  const waits =
    look.finding === 'awaited' && look.waiting !== null ? ['the leader looks at the host'] : []
  const rung = rungs[state.rung]
  if (rung === undefined) return ['no rung is left', ...state.spent, ...waits].join('; ')
  const where = `${rungTitle(rung)}, rung ${state.rung + 1} of ${rungs.length}`
  const life = state.life === null ? [] : [state.life]
  return `${where}: ${[...life, stepOf(state), ...waits].join('; ')}`
}

/** What it waits for on this rung. */
function stepOf({ rung, ordered, carriedOut, failures, lastFailure }: Climbing): string {
  if (failures > 0 || !ordered.includes(rung)) return lastFailure
  return carriedOut.includes(rung)
    ? 'power off was ordered, and is read back'
    : 'power off is being ordered'
}
