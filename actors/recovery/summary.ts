/** What a segment must know of each of its recoveries to give them their turns. Pure. */
import type { NotificationId } from '../../schema/ids.ts'
import type { RecoveryKind, RecoveryOrder, RecoveryState } from './recovery-messages.ts'

export interface RecoverySummary {
  readonly kind: RecoveryKind
  /** Whether it acts on its host: not while nothing can be done. */
  readonly actsOnHost: boolean
  /** The instance that it restarts, or is about to. */
  readonly instance: string | null
  /** The recovery that it waits for. */
  readonly behind: NotificationId | null
}

/** What a recovery tells its segment. */
export type RecoveryReport =
  /** It has begun, or what the segment must know of it has changed. */
  | {
      readonly type: 'segment.informed'
      readonly notification: NotificationId
      readonly summary: RecoverySummary
    }
  /** Its end is stored. */
  | { readonly type: 'segment.ended'; readonly notification: NotificationId }

/** What there is to know of it. */
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

/** Whether a fault is smaller than a host. */
export const isSmall = ({ notification }: Pick<RecoveryOrder, 'notification'>): boolean =>
  notification.type !== 'COMPUTE_HOST'

function actsOnHost(state: RecoveryState): boolean {
  if (state.kind === 'evacuating') return state.room === 'there'
  if (state.kind === 'admitting') return state.plan.kind === 'fence'
  return state.known.certified || state.kind === 'fencing'
}

const isRestarting = (state: RecoveryState): boolean =>
  state.kind === 'restarting' || (state.kind === 'admitting' && state.plan.kind === 'restart')
