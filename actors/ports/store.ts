/**
 * The store: inventory and notifications for the gateway, recovery records for the engine. Every
 * method may throw that the store does not answer (`isStoreAway`, retryable); nothing is
 * half-written.
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
import type { DomainStore } from './domain-store.ts'
import type { GuestStore } from './guest-store.ts'
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
import type { ImportStore } from './import-store.ts'
import type { RosterStore } from './roster-store.ts'

/**
 * One page of a list (as the Masakari API pages its lists). Markers are the integer id or the uuid
 * of a row.
 */
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
  /** Only moves of this recovery. */
  readonly notification?: NotificationId
  readonly status?: string
  readonly type?: string
  /** Only moves of these instances; at most 10,000. */
  readonly instances?: readonly InstanceId[]
}

/**
 * What must not change during a recovery: all fields, or all except `enabled`, `onMaintenance` and
 * `reserved`.
 */
export type Frozen = 'all' | 'all-but-switches'

/** The fields that change. */
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
  /**
   * HOST_NOT_FOUND, HOST_NAME_TAKEN, HOST_UNDER_RECOVERY. After a change of `onMaintenance`, the
   * maintenance belongs to the operator.
   */
  updateHost(
    segment: SegmentId,
    id: HostId,
    change: FieldChanges<HostFields>,
    frozen?: Frozen,
  ): Promise<Host>
  deleteHost(segment: SegmentId, id: HostId): Promise<void>
  /** SEGMENT_NOT_FOUND, MARKER_NOT_FOUND. */
  listHosts(filter: HostFilter, page: Page): Promise<readonly Host[]>
  /** Every host of every segment, by id, for watchers. */
  listAllHosts(): Promise<readonly Host[]>
  /** Every host without its credentials, by id. */
  listHostProtections(): Promise<readonly HostProtection[]>
}

export interface NewNotification {
  /** The one that it must have: a notification with the same uuid is the same report. Undefined: a new one. */
  readonly uuid?: NotificationId | undefined
  readonly type: NotificationType
  readonly hostName: HostName
  readonly generatedAt: number
  readonly payload: Payload
  /** Reports of one fault within so many ms are duplicates. */
  readonly duplicateWindowMs: number
}

export type Acceptance =
  /** A new recovery, as it is at this moment. */
  | ({ readonly kind: 'accepted' } & UnfinishedRecovery)
  | { readonly kind: 'duplicate'; readonly of: NotificationId }
  | { readonly kind: 'on-maintenance' }
  | { readonly kind: 'unknown-host' }

export interface NotificationStore {
  /**
   * Checks and inserts in one transaction: of several equal simultaneous reports, one is accepted.
   */
  acceptNotification(report: NewNotification): Promise<Acceptance>
  getNotification(id: NotificationId): Promise<Notification | undefined>
  listNotifications(filter: NotificationFilter, page: Page): Promise<readonly Notification[]>
  /** Of all recoveries. MARKER_NOT_FOUND, also when the marker is a move of another instance than those of the filter. */
  listMoves(filter: MoveFilter, page: Page): Promise<readonly VmMove[]>
  getMove(id: NotificationId, move: MoveId): Promise<VmMove | undefined>
  /** Every evacuation that a recovery requested, by move and number. */
  listAttempts(id: NotificationId): Promise<readonly MoveAttempt[]>
  /** Everything recorded about a recovery, oldest first. */
  listJournal(id: NotificationId): Promise<readonly JournalEntry[]>
  getCertificate(id: NotificationId): Promise<DeathCertificate | undefined>
}

export interface LeadershipStore {
  /** Raises the epoch by one. From then on, only recovery writes of this holder count. */
  claimEpoch(holder: NodeName): Promise<Epoch>
  currentEpoch(): Promise<Epoch>
}

export type NewEntry = Omit<JournalEntry, 'id' | 'at' | 'epoch' | 'run'>

/** Nothing is done for a recovery now. */
export interface Hold {
  readonly notification: NotificationId
  /** The name of its host. */
  readonly subject: string
  readonly reason: string
  /** What the reason rests on. */
  readonly evidence: readonly string[]
}

export interface Transition {
  readonly notification: NotificationId
  /** The statuses from which it may change. In any other status, nothing changes. */
  readonly from: readonly NotificationStatus[]
  readonly to: NotificationStatus
  readonly reason: string
}

export interface UnfinishedRecovery {
  readonly notification: Notification
  /** The host as registered now; undefined when it was deleted meanwhile. */
  readonly host: Host | undefined
  readonly control: Control
  /** How many commands operators have given for it. */
  readonly commandCount: number
}

/** A page of faults that are smaller than a host, because there may be thousands of them. */
export interface FaultPage {
  /** Notifications with a greater id. */
  readonly afterId: number
  readonly max: number
}

/** What a decision needs of a host that may be in another segment. */
export type HostOverall = Pick<Host, 'uuid' | 'name' | 'onMaintenance'>

/** A host that is reported dead. */
export type FailingHost = Pick<Notification, 'sourceHost' | 'createdAt'>

/** Everything that a decision needs, read in one transaction. */
export interface SegmentSnapshot {
  readonly segment: Segment | undefined
  readonly hosts: readonly Host[]
  readonly notification: Notification | undefined
  /** The certificate that still counts. */
  readonly certificate: DeathCertificate | undefined
  readonly moves: readonly VmMove[]
  readonly choices: PolicyChoices
  readonly commands: readonly OperatorCommand[]
  readonly control: Control
  /** Of this segment. */
  readonly takenSpares: readonly TakenSpare[]
  /**
   * Hosts of this segment that were certified dead at or after `since`, or whose power-off was
   * ordered since then.
   */
  readonly hostsActedOn: readonly HostId[]
  /** The same for all segments. */
  readonly hostsActedOnOverall: readonly HostId[]
  readonly hostsOverall: readonly HostOverall[]
  /** Open reports of dead hosts in all segments, without a certificate. */
  readonly failing: readonly FailingHost[]
  /**
   * For a fault smaller than a host: the trusted report of its host's death that is open, or whose
   * recovery still holds the host.
   */
  readonly hostFault: HostFault | null
  /**
   * For a fault of a guest: the restarts of its instance in the last day, by recovery, oldest
   * first.
   */
  readonly restarts: readonly InstanceRestart[]
}

/**
 * A host that an ended recovery has taken out of service, and whose compute service at least is
 * still disabled.
 */
export interface Returning {
  readonly host: Host
  readonly segmentName: string
  readonly by: NotificationId
  /**
   * Whether an operator has ended its maintenance, as in Masakari. That counts as a command to
   * return the host.
   */
  readonly isGivenBack: boolean
  readonly choices: PolicyChoices
  readonly commands: readonly OperatorCommand[]
  /** The times at which it was certified dead since the given moment, oldest first. */
  readonly deaths: readonly number[]
  /**
   * The reason with which that recovery disabled its compute service; null when the service was
   * disabled before.
   */
  readonly disabledWith: string | null
}

/**
 * Writes of the acting leader. Each throws STALE_EPOCH and changes nothing when its epoch is not
 * the current one.
 */
export interface RecoveryStore extends MoveStore {
  /**
   * Recoveries of hosts first, then of instance and service faults; each oldest first. All of them, or a page of
   * the smaller ones.
   */
  listUnfinished(page?: FaultPage): Promise<readonly UnfinishedRecovery[]>
  /** What is known of other hosts is only read for a fault of a host, and so is what is known of an instance for a smaller one. */
  readSnapshot(
    segment: SegmentId,
    notification: NotificationId,
    actedOnSinceMs: number,
    type?: NotificationType,
  ): Promise<SegmentSnapshot>
  /**
   * Writes the status, its reason and a journal line in one transaction; false when the status was
   * not one of `from`. `running` begins a run.
   */
  recordTransition(epoch: Epoch, transition: Transition): Promise<boolean>
  /**
   * Writes why nothing is done for a recovery now: into its journal with what the reason rests on,
   * and as the message of its notification, in one transaction. Of an ended one the message stays.
   */
  recordHold(epoch: Epoch, hold: Hold): Promise<void>
  /**
   * Written before an irreversible step. The transaction that writes the line checks that the
   * segment is enabled, that the host is registered and not on an operator's maintenance, that the
   * notification is unfinished, and that no operator command has paused or cancelled it or stopped
   * everything.
   */
  recordIntent(epoch: Epoch, entry: Omit<NewEntry, 'kind'>): Promise<Grant>
  appendJournal(epoch: Epoch, entry: NewEntry): Promise<void>
  /**
   * The first certificate counts. Until a retry, a second one for the same recovery changes
   * nothing.
   */
  saveCertificate(certificate: DeathCertificate): Promise<void>
  /** Takes a host out of service for a recovery (`on_maintenance`, no longer `reserved`). */
  holdHost(epoch: Epoch, host: HostId, by: NotificationId): Promise<void>
  /** Hosts of enabled segments that ended recoveries still hold. */
  listReturning(deathsSinceMs: number): Promise<readonly Returning[]>
  /**
   * Undoes `holdHost` unless another recovery or an operator has taken the host over since then.
   * The host returns to service.
   */
  releaseHost(epoch: Epoch, host: HostId, by: NotificationId): Promise<void>
  /**
   * The same when the recovery has never certified the host dead. A host whose recovery operators
   * have cancelled stays held.
   */
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
    GuestStore,
    DomainStore,
    HousekeepingStore,
    ImportStore,
    RosterStore,
    AsyncDisposable {
  /** Brings the schema up to date; safe with several processes at once. */
  migrate(): Promise<void>
  /** Cheap round trip for the readiness check. */
  ping(): Promise<void>
}

/**
 * True while the database accepts no write: it does not answer, is busy, full or read-only. The
 * same write may succeed later.
 */
export const isStoreAway = (error: unknown): error is CodedError =>
  isCoded(error, 'STORE_UNAVAILABLE', 'STORE_CONFLICT', 'STORE_FULL', 'STORE_READ_ONLY')
