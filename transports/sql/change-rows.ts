/** Rows of the ledger. */
import type { Transaction } from 'kysely'
import type { Change, NewChange } from '../../schema/records.ts'
import type { ChangesTable, Database } from '../../schema/tables.ts'

/** Entries that are not closed. */
export const openChanges = (db: Pick<Transaction<Database>, 'selectFrom'>) =>
  db.selectFrom('changes').where('state', 'in', ['open', 'undoing'])

/** Adds an entry, unless it exists. */
export async function insertChange(
  trx: Transaction<Database>,
  { notification, kind, host, subject }: NewChange,
  madeAt: number,
): Promise<void> {
  const known = await openChanges(trx)
    .select('id')
    .where('notification_uuid', '=', notification)
    .where('kind', '=', kind)
    .where('host_uuid', '=', host)
    .where('subject', '=', subject)
    .executeTakeFirst()
  if (known !== undefined) return
  const row = { notification_uuid: notification, kind, host_uuid: host, subject }
  const values = { ...row, state: 'open' as const, made_at: madeAt }
  await trx.insertInto('changes').values(values).execute()
}

/** The state of an entry that is not closed. */
export const stateOf = (state: ChangesTable['state']): Change['state'] =>
  state === 'undoing' ? state : 'open'
