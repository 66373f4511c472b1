/** Which moves count as evacuations in flight, and what of that a step has changed. Pure. */
import type { MoveId } from '../../schema/ids.ts'
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
  const changes = [...state.tracks].map(([move, track]) =>
    changeOf(before?.tracks.get(move), track),
  )
  const underWay = changes.flatMap((change) => change.underWay)
  const over = changes.flatMap((change) => change.over)
  if (underWay.length === 0 && over.length === 0) return [state, effects]
  return [state, [{ type: 'pace.note', underWay, over }, ...effects]]
}

interface FlightChange {
  readonly underWay: readonly Flight[]
  readonly over: readonly MoveId[]
}

function changeOf(before: MoveTrack | undefined, track: MoveTrack): FlightChange {
  const [earlier, flight] = [flightOf(before), flightOf(track)]
  if (flight !== null) {
    const isKnown = flight.target === earlier?.target && flight.begun === earlier.begun
    return { underWay: isKnown ? [] : [flight], over: [] }
  }
  if (earlier === null) return { underWay: [], over: [] }
  // Nova has begun what arrives, though nobody saw it.
  const arrived = track.whereabouts === 'arrived' ? [{ ...earlier, begun: true }] : []
  return { underWay: arrived, over: [track.move] }
}
