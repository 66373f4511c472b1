/**
 * The stored records as the code uses them: plain, immutable, with times in wall-clock milliseconds
 * (UTC).
 */
import type {
  Epoch,
  HostId,
  HostName,
  InstanceId,
  MoveId,
  NotificationId,
  SegmentId,
} from './ids.ts'
import type { PolicyChoices } from './segment-policy.ts'

export const RECOVERY_METHODS = ['auto', 'reserved_host', 'auto_priority', 'rh_priority'] as const
export type RecoveryMethod = (typeof RECOVERY_METHODS)[number]

export const NOTIFICATION_TYPES = ['COMPUTE_HOST', 'VM', 'PROCESS'] as const
export type NotificationType = (typeof NOTIFICATION_TYPES)[number]

export const NOTIFICATION_STATUSES = [
  'new',
  'running',
  'error',
  'failed',
  'ignored',
  'finished',
] as const
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number]

/** Statuses of a recovery that has not ended. */
export const UNFINISHED_STATUSES = [
  'new',
  'running',
  'error',
] as const satisfies readonly NotificationStatus[]

/** Statuses with which a recovery ends. */
export type EndStatus = Exclude<NotificationStatus, (typeof UNFINISHED_STATUSES)[number]>

export const MOVE_STATUSES = ['pending', 'ongoing', 'ignored', 'failed', 'succeeded'] as const
export type MoveStatus = (typeof MOVE_STATUSES)[number]

/**
 * Of the guest of a moved instance. agent: its agent answers on the new host; running: it has run there without a break;
 * not_expected: it was not running before the fault, or is not to run now; not_heard: none of these yet, or not in time.
 */
export const GUEST_STATES = ['not_heard', 'agent', 'running', 'not_expected'] as const
export type GuestState = (typeof GUEST_STATES)[number]

/** What clients see of every stored row. `id` is the integer that old clients use for paging. */
export interface RowStamp {
  readonly id: number
  readonly createdAt: number
  readonly updatedAt: number | null
}

export interface Segment extends RowStamp {
  readonly uuid: SegmentId
  readonly name: string
  readonly serviceType: string
  readonly description: string | null
  readonly recoveryMethod: RecoveryMethod
  readonly enabled: boolean
}

export interface Host extends RowStamp {
  readonly uuid: HostId
  readonly name: HostName
  readonly segment: SegmentId
  readonly type: string
  readonly controlAttributes: string
  readonly reserved: boolean
  readonly onMaintenance: boolean
  /** The recovery that set `onMaintenance`; null when an operator did. */
  readonly maintenanceBy: NotificationId | null
}

/** What decides whether the instances of a registered host are protected. */
export interface HostProtection {
  readonly name: HostName
  readonly onMaintenance: boolean
  /** The recovery that set `onMaintenance`; null when an operator did. */
  readonly maintenanceBy: NotificationId | null
  readonly segmentName: string
  readonly segmentEnabled: boolean
  readonly choices: PolicyChoices
}

export type Payload = Readonly<Record<string, string>>

export interface Notification extends RowStamp {
  readonly uuid: NotificationId
  readonly type: NotificationType
  /**
   * The sender's clock, ms. It is only shown to clients and never decides whether the notification
   * has expired.
   */
  readonly generatedAt: number
  readonly sourceHost: HostId
  readonly segment: SegmentId
  readonly payload: Payload
  readonly status: NotificationStatus
  readonly message: string | null
  /** The latest attempt of the recovery; 0 before the first attempt. */
  readonly run: number
  /**
   * The first attempt after the report, or after the latest retry command of an operator. The limit
   * of attempts counts from here.
   */
  readonly firstRun: number
}

/** What is known of the guest of a moved instance. */
export interface MoveGuest {
  readonly state: GuestState
  /** When it was heard, or when it was known that nothing will be heard; null while it is followed. */
  readonly at: number | null
  /** Why; null while it is followed. */
  readonly reason: string | null
}

/** The move of one instance in one recovery. Its result is the state of its last attempt. */
export interface VmMove extends RowStamp {
  readonly uuid: MoveId
  readonly notification: NotificationId
  readonly instance: InstanceId
  readonly instanceName: string
  readonly sourceHost: HostName
  /** The host that the instance went to; while `ongoing`, the host that was requested. */
  readonly destHost: HostName | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly status: MoveStatus
  readonly message: string | null
  /** How many evacuate requests were sent so far. */
  readonly attempts: number
  /** Null until the move has succeeded. */
  readonly guest: MoveGuest | null
}

/** The state of an instance before the recovery touched it. */
export interface MoveOrigin {
  readonly vmState: string
  readonly taskState: string | null
  readonly powerState: number
  readonly locked: boolean
}

/** A move, and what was recorded about its instance. */
export interface TouchedMove extends VmMove {
  readonly origin: MoveOrigin
  /** Whether we have locked the instance and must unlock it. */
  readonly held: boolean
}

/** A move as the acting leader reads it when it continues the recovery. */
export interface RecordedMove extends TouchedMove {
  /** The latest run of the recovery in which the move was requested; 0 before the first request. */
  readonly askedInRun: number
  /** Time since the latest request was recorded, ms; 0 before the first one. */
  readonly askedAgoMs: number
  /** Hosts on which an attempt of the current run has failed. */
  readonly refusedBy: readonly HostName[]
  /** How often Nova's scheduler found no host for the instance, in all runs. */
  readonly hadNoHost: number
  /** The host that the latest request went to, when that host has failed it since: it refused, or died. */
  readonly failedBy: HostName | null
  /** Every host that did not take the instance, in all runs. */
  readonly refusals: readonly HostRefusals[]
}

/** How often one host did not take one instance. */
export interface HostRefusals {
  readonly host: HostName
  readonly times: number
  /** In how many of these cases Nova's scheduler did not accept the host. */
  readonly byScheduler: number
  /** Time since the latest case, ms. */
  readonly agoMs: number
}

/** One evacuation that was requested. */
export interface MoveAttempt {
  readonly move: MoveId
  readonly number: number
  /** The run of the recovery that the attempt belongs to. */
  readonly run: number
  /** The requested target host; null when Nova chose the host. */
  readonly target: HostName | null
  readonly requestedAt: number
  readonly endedAt: number | null
  /**
   * Null while the attempt is in flight; refused: the attempt failed on its target; no-valid-host:
   * Nova's scheduler did not accept the target.
   */
  readonly outcome: 'succeeded' | 'failed' | 'refused' | 'no-valid-host' | 'ignored' | null
  readonly reason: string | null
}

/** How it was made certain that a host is dead (promise I2). */
export const CERTIFICATE_GROUNDS = [
  'power-off-confirmed',
  'already-off',
  'storage-cut-off',
  'operator',
  'consent',
] as const
export type CertificateGround = (typeof CERTIFICATE_GROUNDS)[number]

export interface DeathCertificate {
  readonly notification: NotificationId
  readonly host: HostId
  readonly epoch: Epoch
  readonly issuedAt: number
  readonly ground: CertificateGround
  /** One sentence for each observation: which observer saw what, on which channel, when. */
  readonly evidence: readonly string[]
}

/**
 * confirm-dead: the host is certainly dead; approve: act on the host although the limit of the
 * storm guard is reached; let-back: return the host to service after it is checked; pause: begin
 * nothing new; resume: go on; cancel: begin nothing new, and never go on; retry: begin an ended
 * recovery again.
 */
export const OPERATOR_COMMANDS = [
  'confirm-dead',
  'approve',
  'let-back',
  'pause',
  'resume',
  'cancel',
  'retry',
] as const
export type OperatorCommandKind = (typeof OPERATOR_COMMANDS)[number]

/** A command that an operator gave for one recovery and is responsible for. */
export interface OperatorCommand {
  readonly notification: NotificationId
  readonly kind: OperatorCommandKind
  /** The name of the operator who gave the command. */
  readonly operator: string
  readonly reason: string
  readonly givenAt: number
}

/** stop: take no irreversible step in any segment; release: go on. */
export const SITE_COMMANDS = ['stop', 'release'] as const
export type SiteCommandKind = (typeof SITE_COMMANDS)[number]

/** A command that an operator gave for all recoveries and is responsible for. */
export interface SiteCommand {
  readonly kind: SiteCommandKind
  readonly operator: string
  readonly reason: string
  readonly givenAt: number
}

export const CHANGE_KINDS = ['spare', 'aggregate', 'service', 'process'] as const
/**
 * spare: a reserved host was taken into service; aggregate: a spare joined the aggregate `subject`
 * (its id); service: the compute service was disabled together with the host, with `subject` as the
 * reason; process: the compute service of a living host was disabled, with `subject` as the reason.
 */
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** A reversible change that a recovery makes to a host. */
export interface NewChange {
  readonly notification: NotificationId
  readonly kind: ChangeKind
  readonly host: HostId
  readonly subject: string
}

export interface Change extends NewChange {
  readonly id: number
  readonly state: 'open' | 'undoing'
}

/** A spare that a recovery has taken or gives back now. */
export interface TakenSpare {
  readonly host: HostId
  readonly by: NotificationId
  readonly state: Change['state']
}

/** One line of the append-only journal. `intent` is written before a step, `outcome` after it. */
export interface JournalEntry {
  readonly id: number
  readonly at: number
  readonly epoch: Epoch
  readonly notification: NotificationId
  /** The attempt of the recovery that was in progress. */
  readonly run: number
  readonly kind: 'intent' | 'outcome' | 'decision' | 'evidence'
  /** What is done, for example `power-off`, `isolate`, `evacuate`, `transition`. */
  readonly step: string
  /** What it is done to: a host name or an instance id. */
  readonly subject: string
  /** The reason, or the result: one sentence. */
  readonly detail: string
}
