/** The rule for COMPUTE_HOST notifications: fence, hold, or leave alone. Pure. */
import type { Host, Notification } from '../../schema/records.ts'
import { askedForAt } from '../../schema/recovery-control.ts'
import type { SegmentSnapshot } from '../ports/store.ts'
import {
  finished,
  hasBegun,
  hold,
  ignored,
  type Decision,
  type DecisionRules,
  type Situation,
} from './decision.ts'
import { failureGroup } from './failure-group.ts'
import { holdDown } from './hold-down.ts'
import { approvedBy, confirmedBy } from '../policy/operator-command.ts'
import { policyOf } from '../policy/segment-policy.ts'
import { stormObjection } from './storm-guard.ts'

/** A host is reported: fence it, hold it, or say why not. */
export function decideHost(
  rules: DecisionRules,
  situation: Situation,
  notification: Notification,
  host: Host,
): Decision {
  const { payload } = notification
  if (payload['event'] !== 'STOPPED') return finished('a host that starts needs nothing')
  if (payload['host_status'] !== 'NORMAL' && !isVouchedFor(situation.snapshot)) {
    return decideUnsure(rules, situation, notification)
  }
  const hopeless = withoutSpares(situation.snapshot, host)
  if (hopeless !== undefined) return { kind: 'conclude', to: 'failed', reason: hopeless }
  const plan = planFence(rules, situation.snapshot, notification, host)
  // An operator may overrule the hold-down and the storm guard.
  if (approvedBy(situation.snapshot.commands) !== undefined) return plan
  const tooSoon = hasBegun(situation.snapshot) ? undefined : holdDown(rules, situation)
  if (tooSoon !== undefined) return tooSoon
  const objection = brake(rules, situation, host)
  return objection === undefined ? plan : hold(rules, situation, notification, objection)
}

/**
 * A segment that moves instances to spares only, and has none: fencing its host would help nobody, and it may be alive.
 * A fenced one waits for a spare instead.
 */
function withoutSpares(snapshot: SegmentSnapshot, { uuid }: Host): string | undefined {
  const { segment, hosts, takenSpares } = snapshot
  if (segment?.recoveryMethod !== 'reserved_host') return undefined
  if (hasBegun(snapshot)) return undefined
  const isSpare = (host: Host): boolean =>
    host.reserved || takenSpares.some((spare) => spare.host === host.uuid)
  const spares = hosts.filter((host) => host.uuid !== uuid && isSpare(host) && !host.onMaintenance)
  if (spares.length > 0) return undefined
  return 'the recovery method is reserved_host, and the segment has no reserved host'
}

/** Why this host must wait although it is dead: too many of its segment fail, or are acted on. */
function brake(rules: DecisionRules, situation: Situation, host: Host): string | undefined {
  const { snapshot, inFlight } = situation
  const { segment, choices, hosts } = snapshot
  const limits = { ...rules.storm, ...policyOf(rules, segment?.name ?? '', choices) }
  return stormObjection(limits, host.uuid, {
    hosts: hosts.length,
    group: failureGroup(situation, hosts, rules.gatheringMs),
    actedOn: new Set([...snapshot.hostsActedOn, ...inFlight]),
  })
}

/** An operator who calls the host dead, or wants it acted on, knows what the reporter did not. */
const isVouchedFor = ({ commands }: SegmentSnapshot): boolean =>
  confirmedBy(commands) !== undefined || approvedBy(commands) !== undefined

/** `host_status UNKNOWN`: a second look is taken for a while; whoever is sure makes a report of his own. */
function decideUnsure(
  { unsureHoldMs }: DecisionRules,
  { nowWallMs, snapshot }: Situation,
  notification: Notification,
): Decision {
  if (nowWallMs - askedForAt(notification, snapshot.commands) <= unsureHoldMs) {
    return {
      kind: 'hold',
      reason: 'the reporter does not know whether the host is down; our own watchers look again',
    }
  }
  return ignored(
    `the reporter did not know whether the host was down, and nobody confirmed it for ${unsureHoldMs / 1000} s`,
  )
}

/** What may stand in for a confirmation: the command of an operator first, then the consent of the segment. */
function planFence(
  rules: DecisionRules,
  { segment, choices, commands }: SegmentSnapshot,
  { payload }: Notification,
  host: Host,
): Decision {
  const { rungs, trustReports } = policyOf(rules, segment?.name ?? '', choices)
  // Only who saw the host through a cluster may have seen it fenced: our own observers cannot reach it, and that is all.
  const consent = trustReports && payload['cluster_status'] === 'OFFLINE' ? 'consent' : null
  const lastResort = confirmedBy(commands) === undefined ? consent : 'operator'
  return { kind: 'fence', host, rungs, lastResort }
}
