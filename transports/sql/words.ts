/** What operators say about one recovery, and about all of them: words are checked against its state, and kept for ever. */
import { sql, type Selectable, type Transaction } from 'kysely'
import type { OperatorStore } from '../../actors/ports/operator-store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { NotificationId } from '../../schema/ids.ts'
import type { OperatorWord, SiteWord } from '../../schema/records.ts'
import {
  objectionToSiteWord,
  objectionToWord,
  standingOf,
  type Standing,
} from '../../schema/standing.ts'
import type { Database, NotificationsTable } from '../../schema/tables.ts'
import { reopen } from './reopening.ts'
import { siteWordOf, wordOf } from './rows.ts'
import { runOf } from './run-of.ts'
import type { StorePorts, Transactions } from './transactions.ts'

type Reading = Pick<Transaction<Database>, 'selectFrom'>
type Words = Pick<OperatorStore, 'sayWord' | 'listWords' | 'saySiteWord' | 'listSiteWords'>

/** The part of the store that keeps words. */
export function wordStore(transactions: Transactions, { clock }: StorePorts): Words {
  return {
    sayWord: (word) =>
      transactions.write((trx) => sayWord(trx, { ...word, saidAt: clock.wallMs() })),

    listWords: (id) => transactions.read((db) => readWords(db, id)),

    saySiteWord: ({ word, operator, reason }) =>
      transactions.write(async (trx) => {
        const saidAt = clock.wallMs()
        const objection = objectionToSiteWord(word, (await readSiteWords(trx)).at(-1))
        if (objection !== undefined) throw wordRefused(word, objection)
        const values = { word, operator, reason, said_at: saidAt }
        await trx.insertInto('site_words').values(values).execute()
        return { word, operator, reason, saidAt }
      }),

    listSiteWords: () => transactions.read(readSiteWords),
  }
}

async function sayWord(trx: Transaction<Database>, said: OperatorWord): Promise<OperatorWord> {
  const { notification, word, operator, reason, saidAt } = said
  const row = await lockNotification(trx, notification)
  if (row === undefined) {
    throw new CodedError('NOTIFICATION_NOT_FOUND', `There is no notification ${notification}.`)
  }
  const words = await readWords(trx, notification)
  const objection =
    objectionToWord(word, { ...row, words }) ??
    (word === 'retry' ? await reopen(trx, row, said) : undefined)
  if (objection !== undefined) throw wordRefused(word, objection)
  await trx
    .insertInto('operator_words')
    .values({ notification_uuid: notification, word, operator, reason, said_at: saidAt })
    .execute()
  const { epoch } = await trx.selectFrom('leadership').select('epoch').executeTakeFirstOrThrow()
  await trx
    .insertInto('journal')
    .values({
      recorded_at: saidAt,
      epoch,
      notification_uuid: notification,
      run: runOf(notification),
      kind: 'decision',
      step: 'word',
      subject: await hostNameOf(trx, row),
      detail: `${operator} says ${word}: ${reason}`,
    })
    .execute()
  return said
}

async function hostNameOf(
  trx: Transaction<Database>,
  { source_host_uuid: host }: Selectable<NotificationsTable>,
): Promise<string> {
  const query = trx.selectFrom('hosts').select('name').where('uuid', '=', host)
  return (await query.executeTakeFirst())?.name ?? host
}

/** Whoever ends the recovery at this moment waits, or is waited for. */
async function lockNotification(
  trx: Transaction<Database>,
  id: NotificationId,
): Promise<Selectable<NotificationsTable> | undefined> {
  await trx
    .updateTable('notifications')
    .set({ revision: sql<number>`revision + 1` })
    .where('notification_uuid', '=', id)
    .execute()
  const query = trx.selectFrom('notifications').selectAll()
  return query.where('notification_uuid', '=', id).executeTakeFirst()
}

const wordRefused = (word: string, objection: string): CodedError =>
  new CodedError('WORD_REFUSED', `The command ${word} does not fit: ${objection}.`)

/** All words about a recovery, oldest first. */
export async function readWords(
  db: Reading,
  notification: NotificationId,
): Promise<readonly OperatorWord[]> {
  const query = db.selectFrom('operator_words').selectAll()
  const rows = await query.where('notification_uuid', '=', notification).orderBy('id').execute()
  return rows.map(wordOf)
}

/** All words about everything, oldest first. */
export async function readSiteWords(db: Reading): Promise<readonly SiteWord[]> {
  const rows = await db.selectFrom('site_words').selectAll().orderBy('id').execute()
  return rows.map(siteWordOf)
}

/** Whether operators let a recovery go on, at this moment. */
export const readStanding = async (db: Reading, notification: NotificationId): Promise<Standing> =>
  standingOf(await readWords(db, notification), (await readSiteWords(db)).at(-1))
