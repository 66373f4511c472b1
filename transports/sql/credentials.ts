/** Rewrites the stored credentials of all hosts, for a change of keys. */
import type { HousekeepingStore } from '../../actors/ports/housekeeping-store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { Transactions } from './transactions.ts'

/** The part of the store that changes nothing but `control_attributes`. */
export function credentialsStore(
  transactions: Transactions,
): Pick<HousekeepingStore, 'rewriteControlAttributes'> {
  return {
    rewriteControlAttributes: (rewrite) =>
      transactions.write(async (trx) => {
        const rows = await trx.selectFrom('hosts').select(['id', 'control_attributes']).execute()
        let count = 0
        for (const { id, control_attributes: stored } of rows) {
          const rewritten = rewrite(stored)
          if (rewritten === stored) continue
          const updated = await trx
            .updateTable('hosts')
            .set({ control_attributes: rewritten })
            .where('id', '=', id)
            .where('control_attributes', '=', stored)
            .executeTakeFirst()
          if (updated.numUpdatedRows !== 1n) {
            throw new CodedError('STORE_CONFLICT', 'a host was changed at the same time')
          }
          count += 1
        }
        return count
      }),
  }
}
