/** The attempt to which a journal line belongs. The database reads it when the line is written. */
import { sql, type RawBuilder } from 'kysely'
import type { MoveId, NotificationId } from '../../schema/ids.ts'

export const runOf = (notification: NotificationId): RawBuilder<number> =>
  sql<number>`coalesce((select run from notifications where notification_uuid = ${notification}), 0)`

/** The same for an attempt of a move. */
export const runOfMove = (move: MoveId): RawBuilder<number> =>
  sql<number>`coalesce((select run from notifications join vm_moves on vm_moves.notification_uuid = notifications.notification_uuid where vm_moves.uuid = ${move}), 0)`
