/** Everything that a decision needs, as it is at one moment (promise L2). Decisions made at the same time share the statement. */
import type { Kysely } from 'kysely'
import type { RecoveryStore, SegmentSnapshot } from '../../actors/ports/store.ts'
import type { NotificationId, SegmentId } from '../../schema/ids.ts'
import { controlOf } from '../../schema/recovery-control.ts'
import type { Database } from '../../schema/tables.ts'
import {
  CERTIFICATE,
  COMMAND,
  HOST,
  MOVE,
  NOTIFICATION,
  POLICY,
  SEGMENT,
  SITE_COMMAND,
} from './columns.ts'
import { latestSiteCommand } from './commands.ts'
import { HOST_FAULT, hostFaultIn, hostFaultsOf, readRestarts } from './host-fault.ts'
import { NO_OTHER_HOSTS, otherHostParts, otherHostsOf } from './other-hosts.ts'
import { byId, part, readParts, type RowsOf } from './parts.ts'
import {
  certificateOf,
  choicesOf,
  commandOf,
  hostOf,
  moveOf,
  notificationOf,
  segmentOf,
  siteCommandOf,
} from './rows.ts'
import { Together } from './together.ts'
import type { StorePorts, Transactions } from './transactions.ts'

/** One decision to be made. */
interface Question {
  readonly segment: SegmentId
  readonly notification: NotificationId
  readonly actedOnSinceMs: number
}

/** The part of the store that reads what a decision needs. */
export function snapshotStore(
  transactions: Transactions,
  { clock }: StorePorts,
): Pick<RecoveryStore, 'readSnapshot'> {
  const ofHosts = new Together<Question, SegmentSnapshot>((questions) =>
    transactions.read((db) => readForHosts(db, questions)),
  )
  const ofInstancesAndServices = new Together<Question, SegmentSnapshot>((questions) =>
    transactions.read((db) => readForInstancesAndServices(db, questions, clock.wallMs())),
  )
  return {
    readSnapshot: (segment, notification, actedOnSinceMs, type = 'COMPUTE_HOST') => {
      const snapshots = type === 'COMPUTE_HOST' ? ofHosts : ofInstancesAndServices
      return snapshots.carryOut({ segment, notification, actedOnSinceMs })
    },
  }
}

async function readForHosts(
  db: Kysely<Database>,
  questions: readonly Question[],
): Promise<readonly SegmentSnapshot[]> {
  const sinceMs = Math.min(...questions.map(({ actedOnSinceMs }) => actedOnSinceMs))
  const rows = await readParts(db, {
    ...partsOfEach(db, questions),
    ...otherHostParts(db, sinceMs),
  })
  return questions.map((question) => ({
    ...snapshotIn(rows, question),
    ...otherHostsOf(rows, question.segment, question.actedOnSinceMs),
    hostFault: null,
    restarts: [],
  }))
}

async function readForInstancesAndServices(
  db: Kysely<Database>,
  questions: readonly Question[],
  nowMs: number,
): Promise<readonly SegmentSnapshot[]> {
  const hosts = db
    .selectFrom('notifications')
    .select('source_host_uuid')
    .where(
      'notification_uuid',
      'in',
      questions.map(({ notification }) => notification),
    )
  const rows = await readParts(db, {
    ...partsOfEach(db, questions),
    hostFaults: part(hostFaultsOf(db, hosts), HOST_FAULT),
  })
  const common = questions.map((question) => snapshotIn(rows, question))
  const faults = common.flatMap(({ notification }) => notification ?? [])
  // The instances are known only now. A restart that was ordered meanwhile only makes the decision more careful.
  const restarts = await readRestarts(db, faults, nowMs)
  return common.map(({ notification, ...snapshot }) => ({
    ...snapshot,
    ...NO_OTHER_HOSTS,
    notification,
    hostFault: notification === undefined ? null : hostFaultIn(rows.hostFaults, notification),
    restarts: notification === undefined ? [] : restarts(notification),
  }))
}

/** What every decision needs. */
function partsOfEach(db: Kysely<Database>, questions: readonly Question[]) {
  const segments = [...new Set(questions.map(({ segment }) => segment))]
  const uuids = [...new Set(questions.map(({ notification }) => notification))]
  return {
    segments: part(
      db.selectFrom('segments').selectAll().where('deleted', '=', 0).where('uuid', 'in', segments),
      SEGMENT,
    ),
    hosts: part(
      db
        .selectFrom('hosts')
        .selectAll()
        .where('failover_segment_id', 'in', segments)
        .where('deleted', '=', 0),
      HOST,
    ),
    notifications: part(
      db.selectFrom('notifications').selectAll().where('notification_uuid', 'in', uuids),
      NOTIFICATION,
    ),
    certificates: part(
      db
        .selectFrom('death_certificates')
        .selectAll()
        .where('notification_uuid', 'in', uuids)
        .where('void', '=', 0),
      CERTIFICATE,
    ),
    moves: part(
      db.selectFrom('vm_moves').selectAll().where('notification_uuid', 'in', uuids),
      MOVE,
    ),
    commands: part(
      db.selectFrom('operator_commands').selectAll().where('notification_uuid', 'in', uuids),
      COMMAND,
    ),
    policies: part(
      db.selectFrom('segment_policies').selectAll().where('segment_uuid', 'in', segments),
      POLICY,
    ),
    site: part(latestSiteCommand(db), SITE_COMMAND),
  }
}

function snapshotIn(
  rows: RowsOf<ReturnType<typeof partsOfEach>>,
  { segment, notification: uuid }: Question,
) {
  const ofIt = <Row extends { readonly notification_uuid: NotificationId }>(
    all: readonly Row[],
  ): readonly Row[] => all.filter((row) => row.notification_uuid === uuid)
  const commands = byId(ofIt(rows.commands)).map(commandOf)
  return {
    segment: rows.segments
      .filter((row) => row.uuid === segment)
      .map(segmentOf)
      .at(0),
    hosts: byId(rows.hosts.filter((row) => row.failover_segment_id === segment)).map(hostOf),
    notification: ofIt(rows.notifications).map(notificationOf).at(0),
    certificate: ofIt(rows.certificates).map(certificateOf).at(0),
    moves: byId(ofIt(rows.moves)).map(moveOf),
    choices: choicesOf(rows.policies.find((row) => row.segment_uuid === segment)),
    commands,
    control: controlOf(commands, rows.site.map(siteCommandOf).at(0)),
  }
}
