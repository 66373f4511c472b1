/** The stored things as the house sees them: plain, immutable, times in wall-clock milliseconds (UTC). */
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

/** Statuses that a recovery may still leave. */
export const UNFINISHED_STATUSES = [
  'new',
  'running',
  'error',
] as const satisfies readonly NotificationStatus[]

/** Statuses that a recovery ends with. */
export type EndStatus = Exclude<NotificationStatus, (typeof UNFINISHED_STATUSES)[number]>

export const MOVE_STATUSES = ['pending', 'ongoing', 'ignored', 'failed', 'succeeded'] as const
export type MoveStatus = (typeof MOVE_STATUSES)[number]

/** What every stored row shows to clients. `id` is the integer that old clients page with. */
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

/** A registered host, as far as it decides whether its instances are protected. */
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
  /** Sender's clock, ms. Only for clients: never decides expiry. */
  readonly generatedAt: number
  readonly sourceHost: HostId
  readonly segment: SegmentId
  readonly payload: Payload
  readonly status: NotificationStatus
  readonly message: string | null
  /** The latest attempt of its recovery, 0 before the first. */
  readonly run: number
  /** The attempt that began it, or the latest retry by an operator: attempts are limited from there on. */
  readonly firstRun: number
}

/** One instance of one recovery. The verdict is the state of the last attempt. */
export interface VmMove extends RowStamp {
  readonly uuid: MoveId
  readonly notification: NotificationId
  readonly instance: InstanceId
  readonly instanceName: string
  readonly sourceHost: HostName
  /** Where it went; while `ongoing`, where it was asked to go. */
  readonly destHost: HostName | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly status: MoveStatus
  readonly message: string | null
  /** Evacuate requests sent so far. */
  readonly attempts: number
}

/** What an instance was before it was touched. */
export interface MoveOrigin {
  readonly vmState: string
  readonly taskState: string | null
  readonly powerState: number
  readonly locked: boolean
}

/** A move, and what is kept of its instance. */
export interface TouchedMove extends VmMove {
  readonly origin: MoveOrigin
  /** Whether we have locked the instance and must unlock it. */
  readonly held: boolean
}

/** A move as the acting leader takes it up. */
export interface RecordedMove extends TouchedMove {
  /** The latest run of the recovery that asked for it; 0 before the first request. */
  readonly askedInRun: number
  /** Hosts on which an attempt of the current run failed. */
  readonly refusedBy: readonly HostName[]
  /** How often Nova's scheduler accepted no host for it, in all runs. */
  readonly hadNoHost: number
  /** Every host that did not take it, in all runs. */
  readonly refusals: readonly HostRefusals[]
}

/** How often one host did not take one instance. */
export interface HostRefusals {
  readonly host: HostName
  readonly times: number
  /** How many of them were the answer of Nova's scheduler, which did not accept the host. */
  readonly byScheduler: number
  /** Time since the latest one, ms. */
  readonly agoMs: number
}

/** One evacuation that was asked for. */
export interface MoveAttempt {
  readonly move: MoveId
  readonly number: number
  /** The attempt at the whole recovery that it belongs to. */
  readonly run: number
  /** Where it was asked to go; null when the choice was Nova's. */
  readonly target: HostName | null
  readonly requestedAt: number
  readonly endedAt: number | null
  /** Null while it goes on; refused: the attempt failed on its target; no-valid-host: Nova's scheduler did not accept the target. */
  readonly outcome: 'succeeded' | 'failed' | 'refused' | 'no-valid-host' | 'ignored' | null
  readonly reason: string | null
}

/** How it is certain that a host is dead (promise I2). */
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
  /** One sentence each: who saw what, through which channel, when. */
  readonly evidence: readonly string[]
}

/** confirm-dead: the host is certainly dead; approve: act on it beyond the cap of the storm guard;
 * let-back: once it is checked, let it back into service; pause, resume: begin nothing new, go on; cancel: begin nothing
 * new for good; retry: begin an ended one again. */
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

/** What an operator said about one recovery, and answers for. */
export interface OperatorCommand {
  readonly notification: NotificationId
  readonly kind: OperatorCommandKind
  /** Who said it. */
  readonly operator: string
  readonly reason: string
  readonly givenAt: number
}

/** stop: no irreversible step in any segment; release: go on. */
export const SITE_COMMANDS = ['stop', 'release'] as const
export type SiteCommandKind = (typeof SITE_COMMANDS)[number]

/** What an operator said about all recoveries, and answers for. */
export interface SiteCommand {
  readonly kind: SiteCommandKind
  readonly operator: string
  readonly reason: string
  readonly givenAt: number
}

export const CHANGE_KINDS = ['spare', 'aggregate', 'service', 'process'] as const
/**
 * spare: a reserved host was taken into service; aggregate: a spare joined the aggregate `subject` (its id); service: the
 * compute service was disabled with the host, with `subject` as the reason; process: the same on a living host.
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

/** A spare that a recovery has taken, or is giving back. */
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
  /** The attempt of the recovery that was going on. */
  readonly run: number
  readonly kind: 'intent' | 'outcome' | 'decision' | 'evidence'
  /** What is done, for example `power-off`, `isolate`, `evacuate`, `transition`. */
  readonly step: string
  /** What it is done to: a host name or an instance id. */
  readonly subject: string
  /** Why, or what came of it: one sentence. */
  readonly detail: string
}
