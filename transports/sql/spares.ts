/**
 * Reserved hosts that recoveries have taken into service: entries of the ledger that are made by
 * compare-and-set.
 */
import type { Kysely, Transaction } from 'kysely'
import type { Grant } from '../../actors/ports/grant.ts'
import type { Epoch, HostId, HostName, NotificationId } from '../../schema/ids.ts'
import type { TakenSpare } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import { insertChange, openChanges, stateOf } from './change-rows.ts'
import { lockHost } from './locks.ts'
import { checkGrant, refused } from './recovery.ts'
import { flag, nameKey } from './rows.ts'

interface Taking {
  readonly epoch: Epoch
  readonly notification: NotificationId
  readonly name: HostName
  readonly recordedAt: number
}

/** See `takeSpare` in the port. */
export async function takeSpare(trx: Transaction<Database>, taking: Taking): Promise<Grant> {
  const { notification, name, recordedAt } = taking
  const grant = await checkGrant(trx, notification)
  if (grant.kind === 'refused') return grant
  const host = await lockHost(trx, { name_key: nameKey(name) })
  if (host === undefined) return refused(`The host ${name} is not registered any more.`)
  const holders = await readSpareHolders(trx, host.uuid)
  if (holders.some(({ state }) => state === 'undoing')) {
    return refused(`The host ${name} is just given back.`)
  }
  if (holders.some(({ by }) => by === notification)) return grant
  if (host.on_maintenance !== 0) return refused(`The host ${name} is on maintenance.`)
  if (host.reserved === 0 && holders.length === 0) {
    return refused(`The host ${name} is not reserved any more.`)
  }
  await insertChange(trx, { notification, kind: 'spare', host: host.uuid, subject: '' }, recordedAt)
  await setReserved(trx, host.uuid, false)
  await trx.insertInto('journal').values(takenLine(taking, holders.length)).execute()
  return grant
}

const takenLine = ({ epoch, notification, name, recordedAt }: Taking, others: number) => ({
  epoch,
  notification_uuid: notification,
  recorded_at: recordedAt,
  kind: 'intent' as const,
  step: 'take-spare',
  subject: name,
  detail:
    others === 0
      ? 'take the reserved host into service'
      : 'use the reserved host that is in service for another recovery',
})

/** Sets whether a host is a spare again. */
export const setReserved = async (
  trx: Transaction<Database>,
  host: HostId,
  reserved: boolean,
): Promise<void> => {
  const columns = { reserved: flag(reserved), held_reserved: flag(reserved) }
  await trx.updateTable('hosts').set(columns).where('uuid', '=', host).execute()
}

const readSpareHolders = (trx: Transaction<Database>, host: HostId) =>
  openChanges(trx)
    .select(['notification_uuid as by', 'state'])
    .where('kind', '=', 'spare')
    .where('host_uuid', '=', host)
    .execute()

/** All taken spares. */
export const takenSpares = (db: Kysely<Database>) =>
  openChanges(db)
    .innerJoin('hosts', 'hosts.uuid', 'changes.host_uuid')
    .select([
      'changes.id',
      'changes.host_uuid as host',
      'notification_uuid as by',
      'state',
      'hosts.failover_segment_id as segment',
    ])
    .where('kind', '=', 'spare')

/** A taken spare from its row. */
export const takenSpareOf = ({
  host,
  by,
  state,
}: Pick<TakenSpare, 'host' | 'by'> & {
  readonly state: Parameters<typeof stateOf>[0]
}): TakenSpare => ({ host, by, state: stateOf(state) })
