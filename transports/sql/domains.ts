/** What the store knows about failure domains. */
import type { Transaction } from 'kysely'
import type { DomainStore, ReadDomains } from '../../actors/ports/domain-store.ts'
import { acceptedNames } from '../../schema/failure-domains.ts'
import { hostName } from '../../schema/ids.ts'
import type { Database } from '../../schema/tables.ts'
import { openChanges } from './change-rows.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import type { Transactions } from './transactions.ts'

/** As many hosts as the leader remembers observations of. */
const HOSTS_MAX = 20_000
/** Rows of one statement. */
const ROWS_MAX = 500
/** No name of a domain contains it. */
const SEPARATOR = ','

/** The part of the store for failure domains. */
export function domainStore(guarded: GuardedWrite, transactions: Transactions): DomainStore {
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

    keepAggregateDomains: (epoch, read) => guarded(epoch, (trx) => replaceAll(trx, read)),

    readAggregateDomains: () =>
      transactions.snapshot(async (trx) => {
        const rows = await trx
          .selectFrom('aggregate_domains')
          .select(['host_name', 'domains', 'read_at'])
          .orderBy('id')
          .limit(HOSTS_MAX)
          .execute()
        const [first] = rows
        if (first === undefined) return undefined
        const domains = rows.map(
          ({ host_name: host, domains: names }) =>
            [host, acceptedNames(names.split(SEPARATOR), 'domains').names] as const,
        )
        return { readAt: first.read_at, domains: new Map(domains) }
      }),
  }
}

/** All rows are of one reading. */
async function replaceAll(
  trx: Transaction<Database>,
  { readAt, domains }: ReadDomains,
): Promise<void> {
  await trx.deleteFrom('aggregate_domains').execute()
  const rows = [...domains].slice(0, HOSTS_MAX).map(([host, names]) => ({
    host_name: host,
    domains: names.join(SEPARATOR),
    read_at: readAt,
  }))
  for (let from = 0; from < rows.length; from += ROWS_MAX) {
    await trx
      .insertInto('aggregate_domains')
      .values(rows.slice(from, from + ROWS_MAX))
      .execute()
  }
}
