/**
 * The store: inventory and notifications for the gateway, recovery records for the engine.
 * Every method may throw that the store is away (`isStoreAway`, retryable); nothing is half-written.
 */
import type {
  DeathCertificate,
  Host,
  HostProtection,
  JournalEntry,
  MoveAttempt,
  Notification,
  NotificationStatus,
  NotificationType,
  OperatorCommand,
  Payload,
  RecoveryMethod,
  Segment,
  TakenSpare,
  VmMove,
} from '../../schema/records.ts'
import { isCoded, type CodedError } from '../../schema/errors.ts'
import type { Control } from '../../schema/recovery-control.ts'
import type { OperatorStore } from './operator-store.ts'
import type { HostFault, InstanceRestart } from './host-fault.ts'
import type { Grant } from './grant.ts'
import type { ReconcilerStore } from './reconciler-store.ts'
import type { LedgerStore } from './ledger.ts'
import type { PolicyChoices } from '../../schema/segment-policy.ts'
import type { MoveStore } from './move-store.ts'
import type {
  Epoch,
  HostId,
  HostName,
  InstanceId,
  MoveId,
  NodeName,
  NotificationId,
  SegmentId,
} from '../../schema/ids.ts'
import type { HousekeepingStore } from './housekeeping-store.ts'
import type { RosterStore } from './roster-store.ts'

/** One page of a list (`reference`: the Masakari API's lists). Markers are the integer id or the uuid of a row. */
export interface Page {
  readonly limit: number
  readonly marker?: string
  /** Primary key first; names as clients know them (`created_at`, `name`, …), validated by the gateway. */
  readonly sort: readonly { readonly key: string; readonly direction: 'asc' | 'desc' }[]
}

export interface SegmentFields {
  readonly name: string
  readonly serviceType: string
  readonly description: string | null
  readonly recoveryMethod: RecoveryMethod
  readonly enabled: boolean
}

export interface HostFields {
  readonly name: HostName
  readonly type: string
  readonly controlAttributes: string
  readonly reserved: boolean
  readonly onMaintenance: boolean
}

export interface SegmentFilter {
  readonly recoveryMethod?: string
  readonly serviceType?: string
  readonly enabled?: boolean
}

export interface HostFilter {
  readonly segment: SegmentId
  readonly name?: string
  readonly type?: string
  readonly controlAttributes?: string
  readonly reserved?: boolean
  readonly onMaintenance?: boolean
}

export interface NotificationFilter {
  readonly status?: string
  readonly sourceHost?: string
  readonly type?: string
  readonly generatedSince?: number
}

export interface MoveFilter {
  readonly status?: string
  readonly type?: string
  /** Moves of no other instances; at most 10,000. */
  readonly instances?: readonly InstanceId[]
}

/** What must stay as it is during a recovery: all, or all but `enabled`, `onMaintenance` and `reserved`. */
export type Frozen = 'all' | 'all-but-switches'

/** A change names only what changes. */
export type FieldChanges<Fields> = { readonly [Key in keyof Fields]?: Fields[Key] }

export interface InventoryStore {
  createSegment(fields: SegmentFields): Promise<Segment>
  getSegment(id: SegmentId): Promise<Segment | undefined>
  /** SEGMENT_NOT_FOUND, SEGMENT_NAME_TAKEN, SEGMENT_UNDER_RECOVERY. */
  updateSegment(
    id: SegmentId,
    change: FieldChanges<SegmentFields>,
    frozen?: Frozen,
  ): Promise<Segment>
  /** Deletes its hosts too. SEGMENT_NOT_FOUND, SEGMENT_UNDER_RECOVERY. */
  deleteSegment(id: SegmentId): Promise<void>
  /** MARKER_NOT_FOUND. */
  listSegments(filter: SegmentFilter, page: Page): Promise<readonly Segment[]>
  /** SEGMENT_NOT_FOUND, HOST_NAME_TAKEN (names are unique over all segments). */
  createHost(segment: SegmentId, fields: HostFields): Promise<Host>
  getHost(segment: SegmentId, id: HostId): Promise<Host | undefined>
  findHost(name: HostName): Promise<Host | undefined>
  /** HOST_NOT_FOUND, HOST_NAME_TAKEN, HOST_UNDER_RECOVERY. A change of `onMaintenance` makes it the operator's. */
  updateHost(
    segment: SegmentId,
    id: HostId,
    change: FieldChanges<HostFields>,
    frozen?: Frozen,
  ): Promise<Host>
  deleteHost(segment: SegmentId, id: HostId): Promise<void>
  /** SEGMENT_NOT_FOUND, MARKER_NOT_FOUND. */
  listHosts(filter: HostFilter, page: Page): Promise<readonly Host[]>
  /** Every host of every segment, for watchers: by id. */
  listAllHosts(): Promise<readonly Host[]>
  /** Every host again, without its credentials: by id. */
  listHostProtections(): Promise<readonly HostProtection[]>
}

export interface NewNotification {
  readonly type: NotificationType
  readonly hostName: HostName
  readonly generatedAt: number
  readonly payload: Payload
  /** Reports of one fault within so many ms are duplicates of each other. */
  readonly duplicateWindowMs: number
}

export type Acceptance =
  | { readonly kind: 'accepted'; readonly notification: Notification }
  | { readonly kind: 'duplicate'; readonly of: NotificationId }
  | { readonly kind: 'on-maintenance' }
  | { readonly kind: 'unknown-host' }

export interface NotificationStore {
  /** Checks and inserts atomically: of any number of equal concurrent reports, one is accepted. */
  acceptNotification(report: NewNotification): Promise<Acceptance>
  getNotification(id: NotificationId): Promise<Notification | undefined>
  listNotifications(filter: NotificationFilter, page: Page): Promise<readonly Notification[]>
  listMoves(id: NotificationId, filter: MoveFilter, page: Page): Promise<readonly VmMove[]>
  /** Moves of these instances in all recoveries. MARKER_NOT_FOUND, also for a move of another instance. */
  listInstanceMoves(
    instances: readonly InstanceId[],
    filter: Pick<MoveFilter, 'status'>,
    page: Page,
  ): Promise<readonly VmMove[]>
  getMove(id: NotificationId, move: MoveId): Promise<VmMove | undefined>
  /** Every evacuation that a recovery asked for, by move and number. */
  listAttempts(id: NotificationId): Promise<readonly MoveAttempt[]>
  /** Everything recorded about a recovery, oldest first. */
  listJournal(id: NotificationId): Promise<readonly JournalEntry[]>
  getCertificate(id: NotificationId): Promise<DeathCertificate | undefined>
}

export interface LeadershipStore {
  /** Makes the holder the only one whose recovery writes count: the epoch grows by one. */
  claimEpoch(holder: NodeName): Promise<Epoch>
  currentEpoch(): Promise<Epoch>
}

export type NewEntry = Omit<JournalEntry, 'id' | 'at' | 'epoch' | 'run'>

export interface Transition {
  readonly notification: NotificationId
  /** The statuses that it may leave; when it is in none of them nothing changes. */
  readonly from: readonly NotificationStatus[]
  readonly to: NotificationStatus
  readonly reason: string
}

export interface UnfinishedRecovery {
  readonly notification: Notification
  /** The host as registered now; undefined when it was deleted meanwhile. */
  readonly host: Host | undefined
  readonly control: Control
  /** How many commands operators have given about it. */
  readonly commandCount: number
}

/** Smaller faults come in thousands: some of them at a time. */
export interface SmallFaultPage {
  /** Notifications with a greater id. */
  readonly afterId: number
  readonly max: number
}

/** What a decision needs of a host that may be of another segment. */
export type HostOverall = Pick<Host, 'uuid' | 'name' | 'onMaintenance'>

/** A host that is reported dead. */
export type FailingHost = Pick<Notification, 'sourceHost' | 'createdAt'>

/** Everything a decision needs, read at one moment. */
export interface SegmentSnapshot {
  readonly segment: Segment | undefined
  readonly hosts: readonly Host[]
  readonly notification: Notification | undefined
  /** One that still counts. */
  readonly certificate: DeathCertificate | undefined
  readonly moves: readonly VmMove[]
  readonly choices: PolicyChoices
  readonly commands: readonly OperatorCommand[]
  readonly control: Control
  /** Of this segment. */
  readonly takenSpares: readonly TakenSpare[]
  /** Hosts of this segment that were certified dead at or after `since`, or whose power-off was ordered. */
  readonly hostsActedOn: readonly HostId[]
  /** Hosts of all segments, likewise. */
  readonly hostsActedOnOverall: readonly HostId[]
  readonly hostsOverall: readonly HostOverall[]
  /** Open reports of deaths, in all segments, that are not yet certain. */
  readonly failing: readonly FailingHost[]
  /** Of the host of a smaller fault: the trusted report of its death that is open, or whose recovery still holds it. */
  readonly hostFault: HostFault | null
  /** Of the instance of a guest's fault, of the last day, by recovery, oldest first. */
  readonly restarts: readonly InstanceRestart[]
}

/** A host that an ended recovery has taken out of service, and whose compute service at least is still so. */
export interface Returning {
  readonly host: Host
  readonly segmentName: string
  readonly by: NotificationId
  /** Whether an operator has ended its maintenance himself, as with Masakari: that is his command. */
  readonly isGivenBack: boolean
  readonly choices: PolicyChoices
  readonly commands: readonly OperatorCommand[]
  /** When it was certified dead since the asked moment, oldest first. */
  readonly deaths: readonly number[]
  /** The reason with which that recovery disabled its compute service; null when it found it disabled. */
  readonly disabledWith: string | null
}

/** Writes of the acting leader. Each throws STALE_EPOCH, changing nothing, when its epoch is not the current one. */
export interface RecoveryStore extends MoveStore {
  /** Those of hosts first, then the smaller ones; each oldest first. All of them, or a page of the smaller ones. */
  listUnfinished(page?: SmallFaultPage): Promise<readonly UnfinishedRecovery[]>
  readSnapshot(
    segment: SegmentId,
    notification: NotificationId,
    actedOnSinceMs: number,
  ): Promise<SegmentSnapshot>
  /** Status, reason and a journal line in one transaction; false when the status was not one of `from`. `running` begins a run. */
  recordTransition(epoch: Epoch, transition: Transition): Promise<boolean>
  /**
   * Written before an irreversible step: checks, in the transaction that writes the line, that the segment is enabled,
   * that the host is registered and not on an operator's maintenance, that the notification is unfinished, and that no
   * operator has paused or cancelled it or stopped everything.
   */
  recordIntent(epoch: Epoch, entry: Omit<NewEntry, 'kind'>): Promise<Grant>
  appendJournal(epoch: Epoch, entry: NewEntry): Promise<void>
  /** First certificate wins; until a retry, a second one for the same recovery changes nothing. */
  saveCertificate(certificate: DeathCertificate): Promise<void>
  /** Takes a host out of service for a recovery (`on_maintenance`, no longer `reserved`). */
  holdHost(epoch: Epoch, host: HostId, by: NotificationId): Promise<void>
  /** Hosts of enabled segments that ended recoveries still hold. */
  listReturning(deathsSinceMs: number): Promise<readonly Returning[]>
  /** Undoes `holdHost`, where nobody else has taken the host over since: it is let back. */
  releaseHost(epoch: Epoch, host: HostId, by: NotificationId): Promise<void>
  /** The same if the recovery has never certified the host dead; a host whose recovery operators have cancelled is held instead. */
  releaseUntouched(epoch: Epoch, host: HostId, by: NotificationId): Promise<void>
}

export interface StorePort
  extends
    InventoryStore,
    NotificationStore,
    OperatorStore,
    LeadershipStore,
    RecoveryStore,
    LedgerStore,
    ReconcilerStore,
    HousekeepingStore,
    RosterStore,
    AsyncDisposable {
  /** Brings the schema up to date; safe with several processes at once. */
  migrate(): Promise<void>
  /** Cheap round trip for the readiness check. */
  ping(): Promise<void>
}

/** True while the database takes no write: away, busy, full or read-only. The same write may succeed later. */
export const isStoreAway = (error: unknown): error is CodedError =>
  isCoded(error, 'STORE_UNAVAILABLE', 'STORE_CONFLICT', 'STORE_FULL', 'STORE_READ_ONLY')
