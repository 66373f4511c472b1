/**
 * The rule for COMPUTE_HOST notifications: fence the host, hold the recovery, or do nothing. Pure.
 */
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
import type { Cut } from '../verification/cut.ts'
import { asOne, stormObjection } from './storm-guard.ts'

/** Decides about a reported host: fence it, hold it, or give the reason for doing nothing. */
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
  // An operator command may exempt the recovery from the hold-down and the storm guard.
  if (approvedBy(situation.snapshot.commands) !== undefined) return plan
  const tooSoon = hasBegun(situation.snapshot) ? undefined : holdDown(rules, situation)
  if (tooSoon !== undefined) return tooSoon
  const { awaited } = situation
  if (awaited !== undefined && !hasBegun(situation.snapshot))
    return { kind: 'hold-down', ...awaited }
  const cut = objectionOfCut(situation)
  if (cut !== undefined) return holdForCut(rules, situation, notification, cut)
  const objection = brake(rules, situation, host)
  return objection === undefined ? plan : hold(rules, situation, notification, objection)
}

/**
 * When the segment moves instances to spares only and has none, fencing the host would not help,
 * and the host may be alive. A fenced host waits for a spare instead.
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

/**
 * Why this host must wait although it may be dead: too many hosts of its segment fail, or are acted
 * on.
 */
function brake(rules: DecisionRules, situation: Situation, host: Host): string | undefined {
  const { snapshot, inFlight, cut } = situation
  const { segment, choices, hosts } = snapshot
  const limits = { ...rules.storm, ...policyOf(rules, segment?.name ?? '', choices) }
  const objection = stormObjection(limits, host.uuid, {
    asOne: asOne(limits, cut),
    hosts: hosts.length,
    group: failureGroup(situation, hosts, rules.gatheringMs),
    actedOn: new Set([...snapshot.hostsActedOn, ...inFlight]),
  })
  return objection === undefined || cut.kind !== 'domain-dead'
    ? objection
    : `${objection}; ${cut.reason}`
}

/**
 * The link to the host's failure domain is cut, or we are blind: the host lives, as far as anybody can tell. A host that may have
 * been powered off already is not judged again: its recovery goes on.
 */
function objectionOfCut({ snapshot, cut }: Situation): Objected | undefined {
  const { certificate, notification, hostsActedOnOverall, commands } = snapshot
  // An operator who confirms the death has seen more than anybody on the network.
  if (confirmedBy(commands) !== undefined) return undefined
  const isTouched =
    certificate !== undefined ||
    hostsActedOnOverall.some((host) => host === notification?.sourceHost)
  if (isTouched) return undefined
  if (cut.kind === 'separate') return cut.isUnseen === true ? heldBefore(notification) : undefined
  return cut.kind === 'domain-dead' ? undefined : cut
}

/** An earlier leader held it, and may have seen that only a link was cut: that its observers have ended since is no reason to go on. */
function heldBefore(notification: Notification | undefined): Objected | undefined {
  if (notification?.status !== 'new' || notification.message === null) return undefined
  return { reason: notification.message, evidence: [] }
}

function holdForCut(
  rules: DecisionRules,
  situation: Situation,
  notification: Notification,
  { reason, evidence }: Objected,
): Decision {
  const held = hold(rules, situation, notification, reason)
  return held.kind === 'hold' ? { ...held, evidence } : held
}

type Objected = Pick<Extract<Cut, { readonly kind: 'link-cut' }>, 'reason' | 'evidence'>

/** An operator who confirms the death or approves the recovery knows more than the reporter. */
const isVouchedFor = ({ commands }: SegmentSnapshot): boolean =>
  confirmedBy(commands) !== undefined || approvedBy(commands) !== undefined

/**
 * `host_status UNKNOWN`: observers look at the host again for some time. An observer that sees it
 * dead sends a report of its own.
 */
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
    `the reporter did not know whether the host was down, and no other report confirmed it within ${unsureHoldMs / 1000} s`,
  )
}

/**
 * What may replace a confirmed power-off: an operator command first, then the consent of the
 * segment.
 */
function planFence(
  rules: DecisionRules,
  { segment, choices, commands }: SegmentSnapshot,
  { payload }: Notification,
  host: Host,
): Decision {
  const { rungs, trustReports } = policyOf(rules, segment?.name ?? '', choices)
  // Only a cluster may have seen that the host was fenced. Our own observers only see that they
  // cannot reach it.
  const consent = trustReports && payload['cluster_status'] === 'OFFLINE' ? 'consent' : null
  const lastResort = confirmedBy(commands) === undefined ? consent : 'operator'
  return { kind: 'fence', host, rungs, lastResort }
}
