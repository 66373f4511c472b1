/** For as long as nobody has room for an instance: everything is looked at again, and the segment knows. Pure. */
import { tell } from '../kernel/behaviour.ts'
import type { EvacuationOrder, EvacuatorRules, EvacuatorStep } from './evacuator-messages.ts'
import type { MoveTrack } from './instance-move.ts'
import type { Moving } from './moving-state.ts'

/** What else a step of the moving part leads to, as long as there is a move that has not ended. */
export function awaitRoom(
  order: EvacuationOrder,
  { retryIntervalMs }: EvacuatorRules,
  state: Moving,
  effects: EvacuatorStep[1],
): EvacuatorStep {
  const open = [...state.tracks.values()].filter(({ phase }) => phase.kind !== 'ended')
  const isIdle = open.every(isUnplaced)
  const room = isIdle ? 'awaited' : 'there'
  const said = room === state.room ? [] : [tell(order.replyTo, roomReply(order, room))]
  const next: Moving = { ...state, room }
  if (state.lookPending || !open.some(isUnplaced)) return [next, [...effects, ...said]]
  const message = { type: 'evacuator.look-due' } as const
  const inDoubt = state.places.takenByOthers.size > 0
  const afterMs = inDoubt ? Math.min(DOUBT_MS, retryIntervalMs) : retryIntervalMs
  const timer = { type: 'timer.start', name: 'look', afterMs, message } as const
  return [{ ...next, lookPending: true }, [...effects, ...said, timer]]
}

/** What others have asked for is soon in Placement, or given back. */
const DOUBT_MS = 3000

const isUnplaced = ({ phase }: MoveTrack): boolean => phase.kind === 'unplaced'

const roomReply = ({ notification }: EvacuationOrder, room: Moving['room']) =>
  ({ type: 'evacuator.room', notification, room }) as const
