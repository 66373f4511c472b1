/** The policies that operators choose for a segment. */
import type { OperatorStore } from '../../actors/ports/operator-store.ts'
import type { SegmentId } from '../../schema/ids.ts'
import type { PolicyChoices } from '../../schema/segment-policy.ts'
import type { Database } from '../../schema/tables.ts'
import type { Transaction } from 'kysely'
import { lockSegment } from './locks.ts'
import { choicesOf } from './rows.ts'
import { segmentNotFound } from './segments.ts'
import type { StorePorts, Transactions } from './transactions.ts'

type Reading = Pick<Transaction<Database>, 'selectFrom'>

/** The part of the store that keeps policies. */
export function policyStore(
  transactions: Transactions,
  { clock }: StorePorts,
): Pick<OperatorStore, 'getPolicy' | 'setPolicy'> {
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
  }
}

/** The choices of a segment. */
export async function readChoices(db: Reading, segment: SegmentId): Promise<PolicyChoices> {
  const query = db.selectFrom('segment_policies').select('choices')
  return choicesOf(await query.where('segment_uuid', '=', segment).executeTakeFirst())
}
