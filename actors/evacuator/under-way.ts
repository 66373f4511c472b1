/** Which moves count as evacuations in flight, and what of that a step has changed. Pure. */
import type { Flight } from './fair-share.ts'
import type { MoveTrack } from './instance-move.ts'
import type { Moving, MovingStep } from './moving-state.ts'

/** From the moment when it may be asked for until Nova's record has ended. */
export const isUnderWay = ({ phase }: MoveTrack): boolean =>
  phase.kind === 'requesting' || phase.kind === 'ongoing'

/** Null when it does not count. */
function flightOf(track: MoveTrack | undefined): Flight | null {
  if (track === undefined || track.target === null || !isUnderWay(track)) return null
  const { move, target, phase } = track
  return { move, target, begun: phase.kind === 'ongoing' && phase.nova === 'begun' }
}

/** The step, and what the shared pace must know of it: also of evacuations that turned out to be under way. */
export function accounted(before: Moving | undefined, [state, effects]: MovingStep): MovingStep {
  if (before?.tracks === state.tracks) return [state, effects]
  const underWay: Flight[] = []
  const over: MoveTrack['move'][] = []
  for (const [move, track] of state.tracks) {
    const flight = flightOf(track)
    const earlier = flightOf(before?.tracks.get(move))
    if (flight?.target === earlier?.target && flight?.begun === earlier?.begun) continue
    if (flight !== null) underWay.push(flight)
    else over.push(move)
    // Nova has begun what arrives, though nobody saw it.
    if (flight === null && earlier !== null && track.whereabouts === 'arrived') {
      underWay.push({ ...earlier, begun: true })
    }
  }
  if (underWay.length === 0 && over.length === 0) return [state, effects]
  return [state, [{ type: 'pace.note', underWay, over }, ...effects]]
}
