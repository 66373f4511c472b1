/** What an evacuator tells its segment. Pure. */
import type { NotificationId } from '../../schema/ids.ts'
import type { MoveTrack } from './move-track.ts'

export type EvacuatorReply =
  | {
      readonly type: 'evacuator.finished'
      readonly notification: NotificationId
      readonly succeeded: number
      readonly failed: number
      readonly ignored: number
    }
  /** Nothing new may be begun, and nothing is in flight any more. */
  | {
      readonly type: 'evacuator.forbidden'
      readonly notification: NotificationId
      readonly reason: string
    }
  /** awaited: nothing can be done before there is room for its instances; there: something can, again. */
  | {
      readonly type: 'evacuator.room'
      readonly notification: NotificationId
      readonly room: 'there' | 'awaited'
    }

type Of<Type extends EvacuatorReply['type']> = EvacuatorReply & { readonly type: Type }
type About = Pick<EvacuatorReply, 'notification'>

/** Every move has ended. */
export function finished(
  { notification }: About,
  tracks: readonly MoveTrack[],
): Of<'evacuator.finished'> {
  const count = (outcome: 'succeeded' | 'failed' | 'ignored'): number =>
    tracks.filter(({ phase }) => phase.kind === 'ended' && phase.outcome === outcome).length
  return {
    type: 'evacuator.finished',
    notification,
    succeeded: count('succeeded'),
    failed: count('failed'),
    ignored: count('ignored'),
  }
}

/** The segment decides whether the rest waits or ends. */
export const forbidden = ({ notification }: About, reason: string): Of<'evacuator.forbidden'> => ({
  type: 'evacuator.forbidden',
  notification,
  reason,
})

/** Whether anything can be done before there is room. */
export const room = (
  { notification }: About,
  now: Of<'evacuator.room'>['room'],
): Of<'evacuator.room'> => ({ type: 'evacuator.room', notification, room: now })
