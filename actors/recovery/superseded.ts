/** A host's fault supersedes those of its guests and of its nova-compute. Pure. */
import type { Host, Notification } from '../../schema/records.ts'
import type { HostFault } from '../ports/host-fault.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { hold, ignored, type Decision, type DecisionRules, type Situation } from './decision.ts'

/**
 * Once the host is certainly dead, its own recovery sees to everything on it. Until then nobody knows whether it is, so a
 * smaller fault waits: if the host turns out to be alive, it still counts. A recovery that has ended may keep its host out of
 * service: then the fault waits for the return, but no longer than faults may wait; when an operator has cancelled the
 * recovery, the host and what is on it are the operator's.
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
  if (certified) return ignored(`superseded by the fault of its host, recovery ${notification}`)
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

/** Of the recovery itself nothing is known any more. */
const heldBy = (notification: Host['maintenanceBy']): HostFault | undefined =>
  notification === null ? undefined : { notification, certified: false, state: 'ended' }
