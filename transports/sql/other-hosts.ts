/** What a decision about a host needs to know of the other hosts: who was acted on, who fails, who is a spare in service. */
import type { Kysely } from 'kysely'
import type { SegmentSnapshot } from '../../actors/ports/store.ts'
import type { HostId, SegmentId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import { NOTIFICATION } from './columns.ts'
import { byId, part, type RowsOf } from './parts.ts'
import { notificationOf, wholeSecond } from './rows.ts'
import { takenSpares, takenSpareOf } from './spares.ts'

type OtherHosts = Pick<
  SegmentSnapshot,
  'takenSpares' | 'hostsActedOn' | 'hostsActedOnOverall' | 'hostsOverall' | 'failing'
>

/** For a decision that needs none of it. */
export const NO_OTHER_HOSTS: OtherHosts = {
  takenSpares: [],
  hostsActedOn: [],
  hostsActedOnOverall: [],
  hostsOverall: [],
  failing: [],
}

/** The parts of the statement that reads it. */
export function otherHostParts(db: Kysely<Database>, sinceMs: number) {
  const certain = db
    .selectFrom('death_certificates')
    .select('notification_uuid')
    .where('void', '=', 0)
  const failing = db
    .selectFrom('notifications')
    .selectAll()
    .where('status', 'in', UNFINISHED_STATUSES)
    .where('type', '=', 'COMPUTE_HOST')
    .where('notification_uuid', 'not in', certain)
  const overall = db
    .selectFrom('hosts')
    .select(['id', 'uuid', 'name', 'on_maintenance'])
    .where('deleted', '=', 0)
  return {
    certified: part(certifiedSince(db, sinceMs), ACTED_ON),
    ordered: part(orderedSince(db, sinceMs), ACTED_ON),
    spares: part(takenSpares(db), { id: true, host: true, by: true, state: true, segment: true }),
    overall: part(overall, { id: true, uuid: true, name: true, on_maintenance: true }),
    failing: part(failing, NOTIFICATION),
  }
}

const ACTED_ON = { host: true, segment: true, at: true } as const

const certifiedSince = (db: Kysely<Database>, sinceMs: number) =>
  db
    .selectFrom('death_certificates')
    .innerJoin(
      'notifications',
      'notifications.notification_uuid',
      'death_certificates.notification_uuid',
    )
    .select(['host_uuid as host', 'failover_segment_uuid as segment', 'issued_at as at'])
    .where('issued_at', '>=', sinceMs)

/** Hosts whose power-off was ordered since then, whatever the outcome. */
const orderedSince = (db: Kysely<Database>, sinceMs: number) =>
  db
    .selectFrom('journal')
    .innerJoin('notifications', 'notifications.notification_uuid', 'journal.notification_uuid')
    .select(['source_host_uuid as host', 'failover_segment_uuid as segment', 'recorded_at as at'])
    .where('step', '=', 'power-off')
    .where('kind', '=', 'intent')
    .where('recorded_at', '>=', sinceMs)
    // A recovery that ended before that moment has ordered nothing since then.
    .where((eb) =>
      eb.or([
        eb('notifications.status', 'in', UNFINISHED_STATUSES),
        eb('notifications.updated_at', '>=', wholeSecond(sinceMs)),
      ]),
    )

/** It for a decision in one segment. */
export function otherHostsOf(
  rows: RowsOf<ReturnType<typeof otherHostParts>>,
  segment: SegmentId,
  sinceMs: number,
): OtherHosts {
  const acted = [...rows.certified, ...rows.ordered].filter(({ at }) => at >= sinceMs)
  return {
    takenSpares: byId(rows.spares)
      .filter((row) => row.segment === segment)
      .map(takenSpareOf),
    hostsActedOn: distinct(acted.filter((row) => row.segment === segment)),
    hostsActedOnOverall: distinct(acted),
    hostsOverall: byId(rows.overall).map((row) => ({
      uuid: row.uuid,
      name: row.name,
      onMaintenance: row.on_maintenance !== 0,
    })),
    failing: byId(rows.failing)
      .map(notificationOf)
      .filter(({ payload }) => payload['event'] === 'STOPPED')
      .map(({ sourceHost, createdAt }) => ({ sourceHost, createdAt })),
  }
}

const distinct = (rows: readonly { readonly host: HostId }[]): readonly HostId[] => [
  ...new Set(rows.map(({ host }) => host)),
]
