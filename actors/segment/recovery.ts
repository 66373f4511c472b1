/** One notification on its way through its segment. */
import type { HostId, HostName, NotificationId } from '../../schema/ids.ts'
import type { Notification, NotificationStatus } from '../../schema/records.ts'
import type { Standing } from '../../schema/standing.ts'
import type { DisablePlan, FencePlan, RestartPlan } from './decision.ts'

export type RecoveryPhase =
  | { readonly kind: 'queued' }
  | { readonly kind: 'deciding' }
  /** behind: it waits for the recovery of its host to end, however long that takes. */
  | { readonly kind: 'held'; readonly reason: string; readonly behind: NotificationId | null }
  | { readonly kind: 'admitting'; readonly plan: Plan }
  | { readonly kind: 'fencing' }
  /** awaited: nothing can be done before there is room for the instances. */
  | { readonly kind: 'evacuating'; readonly room: 'there' | 'awaited' }
  | { readonly kind: 'restarting' }
  | { readonly kind: 'disabling' }
  | { readonly kind: 'suspending' } // an attempt failed: that is being written
  | { readonly kind: 'pausing' } // another follows
  | { readonly kind: 'concluding'; readonly to: NotificationStatus }

/** What follows once the notification is `running`. */
export type Plan = FencePlan | RestartPlan | DisablePlan

export interface Recovery {
  readonly notification: Notification
  readonly host: HostId
  readonly hostName: HostName
  /** What reporters and watchers said, one sentence each. */
  readonly evidence: readonly string[]
  /** Attempts of the whole recovery, 1 the first time. */
  readonly run: number
  /** The attempt that counts as the first: an operator's retry begins anew. */
  readonly firstRun: number
  /** Whether operators let it go on, as last heard. */
  readonly standing: Standing
  /** How many words operators had said when it was decided on last. */
  readonly wordsHeard: number
  /** Whether the death certificate is there: from then on there is no way back. */
  readonly certified: boolean
  /** How often the leader itself has seen its host alive. */
  readonly seenAlive: number
  /** Why it was held last, so that a reason is recorded once. */
  readonly lastHeld: string | null
  readonly phase: RecoveryPhase
}

/** Whether nothing works on it until it is decided on again. */
export const waits = ({ phase }: Pick<Recovery, 'phase'>): boolean =>
  phase.kind === 'held' || phase.kind === 'pausing'

/** Whether a child of its segment works on it. */
export const isAtWork = ({ phase }: Recovery): boolean => WORK.includes(phase.kind)

const WORK: readonly RecoveryPhase['kind'][] = ['fencing', 'evacuating', 'restarting', 'disabling']

/** Whether this recovery is acting on its host: not while nothing can be done. */
export function actsOnHost({ phase, certified }: Recovery): boolean {
  if (phase.kind === 'evacuating') return phase.room === 'there'
  if (phase.kind === 'admitting') return phase.plan.kind === 'fence'
  return certified || phase.kind === 'fencing'
}

/** The instance that it restarts, or is about to. */
export function instanceInHand({ notification, phase }: Recovery): string | undefined {
  const isMine =
    phase.kind === 'restarting' || (phase.kind === 'admitting' && phase.plan.kind === 'restart')
  return isMine ? notification.payload['instance_uuid'] : undefined
}

/** Whether it works on something smaller than the host. */
export const isSmall = ({ notification }: Recovery): boolean => notification.type !== 'COMPUTE_HOST'

/** Whether nothing is done about it at the moment, not even a write. */
export const isIdle = ({ phase }: Recovery): boolean => phase.kind === 'queued' || waits({ phase })

const OPEN: readonly RecoveryPhase['kind'][] = ['held', 'pausing', 'restarting', 'disabling']

/** Whether it works, or waits, and may be decided on anew. */
export const isOpen = ({ phase }: Recovery): boolean => OPEN.includes(phase.kind)
