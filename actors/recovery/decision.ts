/** The possible decisions of a segment about one notification, and what they depend on. */
import type { HostId, NotificationId } from '../../schema/ids.ts'
import type { EndStatus, Host, Notification } from '../../schema/records.ts'
import { askedForAt } from '../../schema/recovery-control.ts'
import type { FenceOrder } from '../fence/fence-messages.ts'
import type { GuestFault } from '../instance-recovery/refutation.ts'
import type { SegmentSnapshot } from '../ports/store.ts'
import type { QuarantineRules } from '../policy/quarantine.ts'
import type { PolicyDefaults } from '../policy/segment-policy.ts'
import type { Awaited } from '../verification/companions.ts'
import type { Cut } from '../verification/cut.ts'

export type Decision =
  | { readonly kind: 'gone' } // it has ended already
  | {
      readonly kind: 'conclude'
      readonly to: EndStatus
      readonly reason: string
    }
  | { readonly kind: 'cancel'; readonly reason: string }
  /** behind: held until this recovery of its host has ended. */
  | {
      readonly kind: 'hold'
      readonly reason: string
      readonly behind?: NotificationId
      /** What the reason rests on, one sentence each. */
      readonly evidence?: readonly string[]
    }
  | { readonly kind: 'hold-down'; readonly reason: string; readonly leftMs: number }
  | { readonly kind: 'follow'; readonly reason: string } // only what Nova has under way
  | FencePlan
  | RestartPlan
  | DisablePlan

export interface FencePlan extends Pick<FenceOrder, 'rungs' | 'lastResort'> {
  readonly kind: 'fence'
  readonly host: Host
}

/**
 * Disables the service of a host whose nova-compute has died, so that the scheduler does not use
 * it.
 */
export interface DisablePlan {
  readonly kind: 'disable'
}

export interface RestartPlan {
  readonly kind: 'restart'
  /** The fault that was reported. */
  readonly fault: GuestFault
  /** Whether the segment allows a guest to be made anew from its image. */
  readonly mayRebuild: boolean
  /** When the recovery was last requested. A guest that was started since then needs nothing. */
  readonly askedForAt: number
}

export interface DecisionRules extends PolicyDefaults {
  /** Notifications older than this (by our receive time) that could not be acted on fail, ms. */
  readonly expiryMs: number
  /** How long a report of an unsure sender waits for another report, ms. */
  readonly unsureHoldMs: number
  /** A leader acts on no new host for so long after it began to lead, ms. */
  readonly holdDownMs: number
  /** The same after a partition of its own, ms. */
  readonly partitionHoldDownMs: number
  /**
   * The longest time between two reports about one fault of several hosts, or since observers began
   * to doubt a host, ms.
   */
  readonly gatheringMs: number
  /** How often a guest may be restarted before no more restarts follow for some time. */
  readonly crashLoop: QuarantineRules
}

export interface Situation {
  readonly snapshot: SegmentSnapshot
  /** Hosts that this segment is fencing or evacuating now. */
  readonly inFlight: ReadonlySet<HostId>
  /** Instances that are being recovered now, with their recovery. */
  readonly recovering: ReadonlyMap<string, NotificationId>
  /** Hosts of all segments that observers have begun to doubt. */
  readonly doubted: ReadonlySet<HostId>
  /** How long this leader has led, ms. */
  readonly ledForMs: number
  /**
   * How long this leader has been in contact with the broker without a gap, ms; Infinity: always.
   */
  readonly inContactForMs: number
  /** Its observers see the host alive, and none of them doubts it. */
  readonly hostSeenWell: boolean
  /** Why its host fails, when others fail with it. */
  readonly cut: Cut
  /** Why it is too early to judge that. */
  readonly awaited: Awaited | undefined
  readonly nowWallMs: number
}

/** The rule for one type of notification, when nothing forbids to act. */
export type Rule = (
  rules: DecisionRules,
  situation: Situation,
  notification: Notification,
  host: Host,
) => Decision

/**
 * Whether the recovery has begun. Other rules apply then, because something may have been done to
 * the host.
 */
export const hasBegun = ({
  notification,
  certificate,
}: Pick<SegmentSnapshot, 'notification' | 'certificate'>): boolean =>
  notification?.status !== 'new' || certificate !== undefined

export const ignored = (reason: string): Decision => ({ kind: 'conclude', to: 'ignored', reason })
export const finished = (reason: string): Decision => ({ kind: 'conclude', to: 'finished', reason })

/** Holds the notification until it expires; then it fails. */
export function hold(
  { expiryMs }: DecisionRules,
  { nowWallMs, snapshot }: Situation,
  notification: Notification,
  reason: string,
): Decision {
  return nowWallMs - askedForAt(notification, snapshot.commands) > expiryMs
    ? { kind: 'conclude', to: 'failed', reason: `expired while it had to wait: ${reason}` }
    : { kind: 'hold', reason }
}
