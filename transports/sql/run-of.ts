/** The attempt that a journal line belongs to, as the database reads it when the line is written. */
import { sql, type RawBuilder } from 'kysely'
import type { NotificationId } from '../../schema/ids.ts'

export const runOf = (notification: NotificationId): RawBuilder<number> =>
  sql<number>`coalesce((select run from notifications where notification_uuid = ${notification}), 0)`
