/** The stored credentials of all hosts: which keys sealed them, and the change of keys. */
import { sql } from 'kysely'
import type { HousekeepingStore } from '../../actors/ports/housekeeping-store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { Transactions } from './transactions.ts'

/** Of the hosts, this part of the store changes only `control_attributes`. */
export function credentialsStore(
  transactions: Transactions,
): Pick<
  HousekeepingStore,
  'rewriteControlAttributes' | 'listSealedHeads' | 'agreeOnSealingKey' | 'replaceSealingKey'
> {
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

    listSealedHeads: (mark, headLength) =>
      transactions.read(async (db) => {
        const rows = await db
          .selectFrom('hosts')
          .select([
            sql<string>`substr(control_attributes, 1, ${headLength})`.as('head'),
            sql<number>`deleted = 0`.as('is_live'),
          ])
          .distinct()
          .where('control_attributes', 'like', `${mark}%`)
          .execute()
        const agreed = await db.selectFrom('sealing_key').select('name').executeTakeFirst()
        const heads = (isLive: boolean): readonly string[] =>
          rows.filter((row) => (row.is_live === 1) === isLive).map(({ head }) => head)
        return { agreed: agreed?.name, live: heads(true), deleted: heads(false) }
      }),

    agreeOnSealingKey: async (name) => {
      const row = { id: ONLY, name }
      // When the id is taken, another process was first, and its row counts.
      await transactions.statement((db) => db.insertInto('sealing_key').values(row).execute())
      return transactions.read(async (db) => {
        const agreed = db.selectFrom('sealing_key').select('name').where('id', '=', ONLY)
        return (await agreed.executeTakeFirstOrThrow()).name
      })
    },

    replaceSealingKey: (name) =>
      transactions.write(async (trx) => {
        await trx.deleteFrom('sealing_key').execute()
        await trx.insertInto('sealing_key').values({ id: ONLY, name }).execute()
      }),
  }
}

/** The id of the only row. */
const ONLY = 1
