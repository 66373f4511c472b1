/** What a segment may decide about one notification, and what it decides on. */
import type { HostId, NotificationId } from '../../schema/ids.ts'
import type { EndStatus, Host, Notification } from '../../schema/records.ts'
import { askedForAt } from '../../schema/recovery-control.ts'
import type { FenceOrder } from '../fence/fence-messages.ts'
import type { GuestFault } from '../instance-recovery/refutation.ts'
import type { SegmentSnapshot } from '../ports/store.ts'
import type { QuarantineRules } from '../policy/quarantine.ts'
import type { PolicyDefaults } from '../policy/segment-policy.ts'

export type Decision =
  | { readonly kind: 'gone' } // somebody ended it already
  | {
      readonly kind: 'conclude'
      readonly to: EndStatus
      readonly reason: string
    }
  | { readonly kind: 'cancel'; readonly reason: string }
  /** behind: until the recovery of its host has ended. */
  | { readonly kind: 'hold'; readonly reason: string; readonly behind?: NotificationId }
  | { readonly kind: 'hold-down'; readonly reason: string; readonly leftMs: number }
  | { readonly kind: 'follow'; readonly reason: string } // only what Nova has under way
  | FencePlan
  | RestartPlan
  | DisablePlan

export interface FencePlan extends Pick<FenceOrder, 'rungs' | 'lastResort'> {
  readonly kind: 'fence'
  readonly host: Host
}

/** Keeps the scheduler away from a host whose nova-compute has died. */
export interface DisablePlan {
  readonly kind: 'disable'
}

export interface RestartPlan {
  readonly kind: 'restart'
  /** What was reported of the guest. */
  readonly fault: GuestFault
  /** Whether the segment lets a guest be made anew from its image. */
  readonly mayRebuild: boolean
  /** When it was asked for last: a guest that somebody has started since needs nothing. */
  readonly askedForAt: number
}

export interface DecisionRules extends PolicyDefaults {
  /** Notifications older than this (by our receive time) that could not be acted on fail, ms. */
  readonly expiryMs: number
  /** A report whose sender is not sure waits so long for somebody who is, ms. */
  readonly unsureHoldMs: number
  /** A leader acts on no new host for so long after it began to lead, ms. */
  readonly holdDownMs: number
  /** The same after a partition of its own, ms. */
  readonly partitionHoldDownMs: number
  /** Longest time between two reports about one fault of several hosts, or since a doubt began, ms. */
  readonly gatheringMs: number
  /** How often a guest may be restarted before it is left alone for a while. */
  readonly crashLoop: QuarantineRules
}

export interface Situation {
  readonly snapshot: SegmentSnapshot
  /** Hosts that this segment is fencing or evacuating right now. */
  readonly inFlight: ReadonlySet<HostId>
  /** Instances that are being recovered right now, and by which recovery. */
  readonly recovering: ReadonlyMap<string, NotificationId>
  /** Hosts of all segments that observers have begun to doubt. */
  readonly doubted: ReadonlySet<HostId>
  /** How long this leader has led, ms. */
  readonly ledForMs: number
  /** How long this leader has been in contact with the broker without a gap, ms; Infinity: always. */
  readonly inContactForMs: number
  /** Its watchers see the host alive, and none of them doubts it. */
  readonly hostSeenWell: boolean
  readonly nowWallMs: number
}

/** The rule for one type of notification, once nothing forbids to act. */
export type Rule = (
  rules: DecisionRules,
  situation: Situation,
  notification: Notification,
  host: Host,
) => Decision

/** What has begun goes on by other rules: something may have been done to the host. */
export const hasBegun = ({
  notification,
  certificate,
}: Pick<SegmentSnapshot, 'notification' | 'certificate'>): boolean =>
  notification?.status !== 'new' || certificate !== undefined

export const ignored = (reason: string): Decision => ({ kind: 'conclude', to: 'ignored', reason })
export const finished = (reason: string): Decision => ({ kind: 'conclude', to: 'finished', reason })

/** Waits for as long as the notification may, then fails. */
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
