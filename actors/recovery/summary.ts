/** What a segment must know of each of its recoveries to give them their turns. Pure. */
import type { NotificationId } from '../../schema/ids.ts'
import type { RecoveryKind, RecoveryOrder, RecoveryState } from './recovery-messages.ts'

export interface RecoverySummary {
  readonly kind: RecoveryKind
  /** Whether it acts on its host. It does not while it can do nothing. */
  readonly actsOnHost: boolean
  /** The instance that it restarts, or is about to restart. */
  readonly instance: string | null
  /** The recovery that it waits for. */
  readonly behind: NotificationId | null
}

/** The reports of a recovery to its segment. */
export type RecoveryReport =
  /** The recovery has started, or what the segment must know of it has changed. */
  | {
      readonly type: 'segment.informed'
      readonly notification: NotificationId
      readonly summary: RecoverySummary
    }
  /** The end of the recovery is stored. */
  | { readonly type: 'segment.ended'; readonly notification: NotificationId }

/** The summary of a recovery. */
export const summaryOf = (order: RecoveryOrder, state: RecoveryState): RecoverySummary => ({
  kind: state.kind,
  actsOnHost: actsOnHost(state),
  instance: isRestarting(state) ? (order.notification.payload['instance_uuid'] ?? null) : null,
  behind: state.kind === 'held' ? state.behind : null,
})

export const isSame = (one: RecoverySummary, other: RecoverySummary): boolean =>
  one.kind === other.kind &&
  one.actsOnHost === other.actsOnHost &&
  one.instance === other.instance &&
  one.behind === other.behind

/** Whether the fault is of one instance or one service, and not of a host. */
export const isInstanceOrServiceFault = ({
  notification,
}: Pick<RecoveryOrder, 'notification'>): boolean => notification.type !== 'COMPUTE_HOST'

function actsOnHost(state: RecoveryState): boolean {
  if (state.kind === 'evacuating') return state.room === 'there'
  if (state.kind === 'admitting') return state.plan.kind === 'fence'
  return state.known.certified || state.kind === 'fencing'
}

const isRestarting = (state: RecoveryState): boolean =>
  state.kind === 'restarting' || (state.kind === 'admitting' && state.plan.kind === 'restart')
