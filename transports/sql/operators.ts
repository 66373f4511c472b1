/** What operators say: the choices of a segment, and words about one recovery. */
import type { OperatorStore } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { NotificationId, SegmentId } from '../../schema/ids.ts'
import type { OperatorWord } from '../../schema/records.ts'
import type { PolicyChoices } from '../../schema/segment-policy.ts'
import type { Database } from '../../schema/tables.ts'
import type { Transaction } from 'kysely'
import { lockSegment } from './locks.ts'
import { choicesOf, wordOf } from './rows.ts'
import { segmentNotFound } from './segments.ts'
import type { StorePorts, Transactions } from './transactions.ts'

type Reading = Pick<Transaction<Database>, 'selectFrom'>

/** The operators' part of the store. */
export function operatorStore(transactions: Transactions, { clock }: StorePorts): OperatorStore {
  return {
    getPolicy: (segment) => transactions.read((db) => readChoices(db, segment)),

    setPolicy: (segment, choices) =>
      transactions.write(async (trx) => {
        if ((await lockSegment(trx, segment)) === undefined) throw segmentNotFound(segment)
        await trx.deleteFrom('segment_policies').where('segment_uuid', '=', segment).execute()
        await trx
          .insertInto('segment_policies')
          .values({
            segment_uuid: segment,
            choices: JSON.stringify(choices),
            updated_at: clock.wallMs(),
          })
          .execute()
      }),

    sayWord: ({ notification, word, operator, reason }) =>
      transactions.write(async (trx) => {
        const query = trx.selectFrom('notifications').select('id')
        const row = await query.where('notification_uuid', '=', notification).executeTakeFirst()
        if (row === undefined) {
          throw new CodedError(
            'NOTIFICATION_NOT_FOUND',
            `There is no notification ${notification}.`,
          )
        }
        const values = { notification_uuid: notification, word, operator, reason }
        await trx
          .insertInto('operator_words')
          .values({ ...values, said_at: clock.wallMs() })
          .execute()
      }),

    listWords: (id) => transactions.read((db) => readWords(db, id)),
  }
}

/** The choices of a segment. */
export async function readChoices(db: Reading, segment: SegmentId): Promise<PolicyChoices> {
  const query = db.selectFrom('segment_policies').select('choices')
  return choicesOf(await query.where('segment_uuid', '=', segment).executeTakeFirst())
}

/** All words about a recovery, oldest first. */
export async function readWords(
  db: Reading,
  notification: NotificationId,
): Promise<readonly OperatorWord[]> {
  const query = db.selectFrom('operator_words').selectAll()
  const rows = await query.where('notification_uuid', '=', notification).orderBy('id').execute()
  return rows.map(wordOf)
}
