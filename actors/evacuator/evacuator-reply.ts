/** The replies of an evacuator to its segment. Pure. */
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
  /**
   * awaited: nothing can be done before there is capacity for its instances; there: something can
   * be done again.
   */
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

/**
 * The evacuator ends, and the segment decides whether the remaining instances wait or the recovery
 * ends.
 */
export const forbidden = ({ notification }: About, reason: string): Of<'evacuator.forbidden'> => ({
  type: 'evacuator.forbidden',
  notification,
  reason,
})

/** Tells the segment whether anything can be done before there is capacity. */
export const room = (
  { notification }: About,
  now: Of<'evacuator.room'>['room'],
): Of<'evacuator.room'> => ({ type: 'evacuator.room', notification, room: now })
