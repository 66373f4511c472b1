/** Which moves count as evacuations in flight, and what of that a step has changed. Pure. */
import type { Bid } from './fair-share.ts'
import type { MoveTrack } from './instance-move.ts'
import type { Moving, MovingStep } from './moving-state.ts'

/** From the moment when it may be asked for until Nova's record has ended. */
export const isUnderWay = ({ phase }: MoveTrack): boolean =>
  phase.kind === 'requesting' || phase.kind === 'ongoing'

/** The step, and what the shared pace must know of it: also of evacuations that turned out to be under way. */
export function accounted(before: Moving | undefined, [state, effects]: MovingStep): MovingStep {
  if (before?.tracks === state.tracks) return [state, effects]
  const underWay: Bid[] = []
  const over: MoveTrack['move'][] = []
  for (const track of state.tracks.values()) {
    const { move, target } = track
    const earlier = before?.tracks.get(move)
    const was = earlier !== undefined && isUnderWay(earlier)
    if (!isUnderWay(track)) {
      if (was) over.push(move)
    } else if (target !== null && (!was || earlier.target !== target)) {
      underWay.push({ move, target })
    }
  }
  if (underWay.length === 0 && over.length === 0) return [state, effects]
  return [state, [{ type: 'pace.note', underWay, over }, ...effects]]
}
