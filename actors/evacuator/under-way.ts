/** Which moves count as evacuations in flight, and what of that a step has changed. Pure. */
import type { TargetName } from '../placement/targets.ts'
import type { Bid } from './fair-share.ts'
import type { MoveTrack } from './instance-move.ts'
import type { Moving, MovingStep } from './moving-state.ts'

/** From the moment when it may be asked for until Nova's record has ended. */
export const isUnderWay = ({ phase }: MoveTrack): boolean =>
  phase.kind === 'requesting' || phase.kind === 'ongoing'

/** Where it is on its way to; null when it does not count. */
const headingOf = (track: MoveTrack | undefined): TargetName | null =>
  track !== undefined && isUnderWay(track) ? track.target : null

/** The step, and what the shared pace must know of it: also of evacuations that turned out to be under way. */
export function accounted(before: Moving | undefined, [state, effects]: MovingStep): MovingStep {
  if (before?.tracks === state.tracks) return [state, effects]
  const underWay: Bid[] = []
  const over: MoveTrack['move'][] = []
  for (const [move, track] of state.tracks) {
    const target = headingOf(track)
    const earlier = headingOf(before?.tracks.get(move))
    if (target === earlier) continue
    if (target === null) over.push(move)
    else underWay.push({ move, target })
  }
  if (underWay.length === 0 && over.length === 0) return [state, effects]
  return [state, [{ type: 'pace.note', underWay, over }, ...effects]]
}
