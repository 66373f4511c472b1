/** What a segment does about one notification, from everything that is known at present. Pure. */
import type { Host, Notification, NotificationType } from '../../schema/records.ts'
import type { SegmentSnapshot } from '../ports/store.ts'
import { decideHost } from './decide-host.ts'
import { decideInstance } from './decide-instance.ts'
import { decideProcess } from './decide-process.ts'
import {
  hasBegun,
  hold,
  ignored,
  type Decision,
  type DecisionRules,
  type Rule,
  type Situation,
} from './decision.ts'

/** One notification, one decision. */
export function decide(rules: DecisionRules, situation: Situation): Decision {
  const { notification, segment, hosts } = situation.snapshot
  if (notification === undefined || isEnded(notification)) return { kind: 'gone' }
  const host = hosts.find(({ uuid }) => uuid === notification.sourceHost)
  if (host === undefined || segment === undefined) {
    return ignored('the host is not registered any more')
  }
  const objection =
    forbidden(situation.snapshot, notification, host) ?? cameBack(situation, notification)
  return objection === undefined
    ? BY_TYPE[notification.type](rules, situation, notification, host)
    : obey(objection, rules, situation, notification)
}

function obey(
  { reason, answer }: ActionObjection,
  rules: DecisionRules,
  situation: Situation,
  notification: Notification,
): Decision {
  // Whatever the reason is, an evacuation that Nova has under way is followed to its end.
  const underWay = situation.snapshot.moves.some(({ status }) => status === 'ongoing')
  if (underWay) return { kind: 'follow', reason }
  if (answer === 'cancel' || answer === 'hold') return { kind: answer, reason }
  if (answer === 'fail') return { kind: 'conclude', to: 'failed', reason }
  const waiting = hold(rules, situation, notification, reason)
  return answer === 'hold-until-expiry' || waiting.kind === 'conclude' ? waiting : ignored(reason)
}

const isEnded = ({ status }: Notification): boolean =>
  status === 'finished' || status === 'ignored' || status === 'failed'

interface ActionObjection {
  readonly reason: string
  /**
   * A recovery that an operator command holds does not expire: its fault would be reported again,
   * and a new recovery would begin without the command.
   */
  readonly answer: 'cancel' | 'hold' | 'hold-until-expiry' | 'ignore' | 'fail'
}

/** Checks the operator commands at the moment of action (promise I8). */
function forbidden(
  snapshot: SegmentSnapshot,
  notification: Notification,
  host: Host,
): ActionObjection | undefined {
  const { control } = snapshot
  if (control.kind !== 'running') {
    return { reason: control.reason, answer: control.kind === 'cancelled' ? 'cancel' : 'hold' }
  }
  const reason = outOfBounds(snapshot, notification, host)
  if (reason === undefined) return undefined
  // What has begun is not dropped because of an operator: it waits until it may continue. The same
  // holds for a retried recovery that still keeps its host out of service, because no observer
  // reports such a host again.
  const waits = hasBegun(snapshot) || host.maintenanceBy === notification.uuid
  return { reason, answer: waits ? 'hold-until-expiry' : 'ignore' }
}

/**
 * A host that was fenced and runs again is not powered off a second time. It returns to service
 * with the instances that were not moved (promise I7).
 */
function cameBack(
  { snapshot, hostSeenWell }: Situation,
  { type, status, message }: Notification,
): ActionObjection | undefined {
  if (type !== 'COMPUTE_HOST' || snapshot.certificate === undefined || !hostSeenWell)
    return undefined
  // The message of a running recovery only says what it was about to do.
  const before = status === 'error' && message !== null ? `; ${message}` : ''
  return {
    reason: `the host is back, and what was not moved is left on it${before}`,
    answer: 'fail',
  }
}

function outOfBounds(
  { segment }: SegmentSnapshot,
  { uuid, type }: Notification,
  { onMaintenance, maintenanceBy }: Host,
): string | undefined {
  if (segment?.enabled === false) return 'the segment is disabled'
  if (!onMaintenance || maintenanceBy === uuid) return undefined
  if (maintenanceBy === null) return 'the host is on maintenance'
  // Instance and service faults have their own rule for that.
  if (type !== 'COMPUTE_HOST') return undefined
  return `the host is being handled by recovery ${maintenanceBy}`
}

const BY_TYPE: Readonly<Record<NotificationType, Rule>> = {
  COMPUTE_HOST: decideHost,
  VM: decideInstance,
  PROCESS: decideProcess,
}
