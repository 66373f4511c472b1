/** What the store knows about failure domains. */
import type { DomainStore } from '../../actors/ports/domain-store.ts'
import { hostName } from '../../schema/ids.ts'
import { openChanges } from './change-rows.ts'
import type { Transactions } from './transactions.ts'

/** The part of the store for failure domains. */
export function domainStore(transactions: Transactions): DomainStore {
  return {
    listJoinedAggregates: () =>
      transactions.snapshot(async (trx) => {
        const rows = await openChanges(trx)
          .innerJoin('hosts', 'hosts.uuid', 'changes.host_uuid')
          .where('changes.kind', '=', 'aggregate')
          .select(['hosts.name', 'changes.subject'])
          .execute()
        return rows.map(({ name, subject }) => ({ host: hostName(name), aggregate: subject }))
      }),
  }
}
