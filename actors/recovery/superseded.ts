/** The fault of a host supersedes the faults of its guests and of its nova-compute. Pure. */
import type { Host, Notification } from '../../schema/records.ts'
import { gaveWayTo, type HostFault } from '../ports/host-fault.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { hold, ignored, type Decision, type DecisionRules, type Situation } from './decision.ts'

/**
 * When the host is certainly dead, its own recovery handles everything on it. Before that, a
 * instance or service fault waits: if the host is alive, the instance or service fault still counts. When an ended recovery
 * keeps its host out of service, the fault waits for the return, but no longer than faults may
 * wait. When an operator has cancelled that recovery, the operator is responsible for the host and
 * its guests.
 */
export function superseded(
  rules: DecisionRules,
  situation: Situation,
  reported: Notification,
  { maintenanceBy }: Host,
): Decision | undefined {
  const fault = situation.snapshot.hostFault ?? heldBy(maintenanceBy)
  if (fault === undefined) return undefined
  const { notification, certified, state } = fault
  if (certified) return ignored(gaveWayTo(notification))
  switch (state) {
    case 'open': {
      const reason = `its host is reported dead: recovery ${notification} comes first`
      return { kind: 'hold', behind: notification, reason }
    }
    case 'cancelled':
      return ignored(`its host is out of service: its recovery ${notification} was cancelled`)
    case 'ended': {
      const reason = `its host is out of service until it returns from recovery ${notification}`
      return hold(rules, situation, reported, reason)
    }
    default:
      return assertNever(state)
  }
}

/** Nothing else is known of that recovery any more. */
const heldBy = (notification: Host['maintenanceBy']): HostFault | undefined =>
  notification === null ? undefined : { notification, certified: false, state: 'ended' }
