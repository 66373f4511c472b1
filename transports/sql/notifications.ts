/** Notifications, and everything that was recorded about them, for reading. */
import type { NotificationStore } from '../../actors/ports/store.ts'
import { matching, readPaging } from './paging.ts'
import { certificateOf, journalEntryOf, notificationOf } from './rows.ts'
import type { Transactions } from './transactions.ts'

/** The notifications' part of the store. */
export function notificationStore(
  transactions: Transactions,
): Pick<
  NotificationStore,
  'getNotification' | 'listNotifications' | 'listJournal' | 'getCertificate'
> {
  return {
    getNotification: (id) =>
      transactions.read(async (db) => {
        const query = db.selectFrom('notifications').selectAll()
        const row = await query.where('notification_uuid', '=', id).executeTakeFirst()
        return row && notificationOf(row)
      }),

    listNotifications: (filter, page) =>
      transactions.read(async (db) => {
        const { after, order } = await readPaging(db, 'notifications', page)
        const { status, sourceHost, type, generatedSince } = filter
        const found = db
          .selectFrom('notifications')
          .selectAll()
          .where('deleted', '=', 0)
          .where(matching({ status, source_host_uuid: sourceHost, type }))
        const recent =
          generatedSince === undefined ? found : found.where('generated_time', '>=', generatedSince)
        const rows = await recent.where(after).orderBy(order).limit(page.limit).execute()
        return rows.map(notificationOf)
      }),

    listJournal: (id) =>
      transactions.read(async (db) => {
        const query = db.selectFrom('journal').selectAll().where('notification_uuid', '=', id)
        const rows = await query.orderBy('id').execute()
        return rows.map(journalEntryOf)
      }),

    getCertificate: (id) =>
      transactions.read(async (db) => {
        const query = db.selectFrom('death_certificates').selectAll()
        const row = await query.where('notification_uuid', '=', id).executeTakeFirst()
        return row && certificateOf(row)
      }),
  }
}
