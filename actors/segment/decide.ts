/** What a segment does about one notification, given everything that is known at this moment. Pure. */
import type { Host, Notification, NotificationType } from '../../schema/records.ts'
import type { SegmentSnapshot } from '../ports/store.ts'
import { decideHost } from './decide-host.ts'
import { decideInstance } from './decide-instance.ts'
import { decideProcess } from './decide-process.ts'
import {
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
  const objection = forbidden(situation.snapshot, notification, host)
  // What has begun is not dropped because an operator intervened: it waits for the word to go on.
  const begun = notification.status !== 'new' || situation.snapshot.certificate !== undefined
  if (objection !== undefined) {
    const waiting = hold(rules, situation, notification, objection)
    return begun || waiting.kind === 'conclude' ? waiting : ignored(objection)
  }
  return BY_TYPE[notification.type](rules, situation, notification, host)
}

const isEnded = ({ status }: Notification): boolean =>
  status === 'finished' || status === 'ignored' || status === 'failed'

/** The operator's word, at the moment of action (design I8). */
function forbidden(
  snapshot: SegmentSnapshot,
  notification: Notification,
  host: Host,
): string | undefined {
  if (snapshot.segment?.enabled === false) return 'the segment is disabled'
  const { onMaintenance, maintenanceBy } = host
  if (!onMaintenance || maintenanceBy === notification.uuid) return undefined
  if (maintenanceBy === null) return 'the host is on maintenance'
  // Smaller faults have a rule of their own for that.
  if (notification.type !== 'COMPUTE_HOST') return undefined
  return `the host is being handled by recovery ${maintenanceBy}`
}

const BY_TYPE: Readonly<Record<NotificationType, Rule>> = {
  COMPUTE_HOST: decideHost,
  VM: decideInstance,
  PROCESS: decideProcess,
}
