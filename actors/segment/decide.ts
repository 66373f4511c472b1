/** What a segment does about one notification, given everything that is known at this moment. Pure. */
import type { HostId, HostName } from '../../schema/ids.ts'
import type { Host, Notification, NotificationType } from '../../schema/records.ts'
import type { FenceOrder } from '../fence/fence.ts'
import type { SegmentSnapshot } from '../ports/store.ts'
import { approvedBy, confirmedBy } from './operator-word.ts'
import { policyOf, type PolicyDefaults } from './policy.ts'
import { groupSentence, stormObjection } from './storm-guard.ts'

export type Decision =
  | { readonly kind: 'gone' } // somebody ended it already
  | {
      readonly kind: 'conclude'
      readonly to: 'ignored' | 'finished' | 'failed'
      readonly reason: string
    }
  | { readonly kind: 'hold'; readonly reason: string }
  | FencePlan
  | { readonly kind: 'restart' }

export interface FencePlan extends Pick<FenceOrder, 'rungs' | 'lastResort'> {
  readonly kind: 'fence'
  readonly host: Host
}

export interface DecisionRules extends PolicyDefaults {
  /** Notifications older than this (by our receive time) that could not be acted on fail, ms. */
  readonly expiryMs: number
  /** A report whose sender is not sure waits so long for somebody who is, ms. */
  readonly unsureHoldMs: number
  /** A leader acts on no new host for so long after it began to lead, ms. */
  readonly holdDownMs: number
}

export interface Situation {
  readonly snapshot: SegmentSnapshot
  /** Hosts that this segment is fencing or evacuating right now. */
  readonly inFlight: ReadonlySet<HostId>
  /** All hosts of the segment that are reported down and not yet recovered. */
  readonly failing: readonly HostName[]
  /** How long this leader has led, ms. */
  readonly ledForMs: number
  readonly nowWallMs: number
}

const ignored = (reason: string): Decision => ({ kind: 'conclude', to: 'ignored', reason })
const finished = (reason: string): Decision => ({ kind: 'conclude', to: 'finished', reason })

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
    if (expired(rules, situation, notification)) return expiry(objection)
    return begun ? { kind: 'hold', reason: objection } : ignored(objection)
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
  if (!host.onMaintenance || host.maintenanceBy === notification.uuid) return undefined
  return host.maintenanceBy === null
    ? 'the host is on maintenance'
    : `the host is being handled by recovery ${host.maintenanceBy}`
}

function expired(
  rules: DecisionRules,
  { nowWallMs }: Situation,
  notification: Notification,
): boolean {
  return nowWallMs - notification.createdAt > rules.expiryMs
}

const expiry = (reason: string): Decision => ({
  kind: 'conclude',
  to: 'failed',
  reason: `expired while it had to wait: ${reason}`,
})

type Rule = (
  rules: DecisionRules,
  situation: Situation,
  notification: Notification,
  host: Host,
) => Decision

const BY_TYPE: Readonly<Record<NotificationType, Rule>> = {
  COMPUTE_HOST: decideHost,
  VM: (_rules, _situation, notification) => decideGuest(notification),
  PROCESS: (_rules, _situation, { payload }) =>
    payload['event'] === 'STARTED'
      ? finished('a process that starts needs nothing')
      : ignored('processes are not recovered: the host itself is watched'),
}

function decideHost(
  rules: DecisionRules,
  situation: Situation,
  notification: Notification,
  host: Host,
): Decision {
  const { payload } = notification
  if (payload['event'] !== 'STOPPED') return finished('a host that starts needs nothing')
  if (payload['host_status'] !== 'NORMAL') {
    return decideUnsure(rules, situation, notification)
  }
  const objection = brake(rules, situation, notification, host)
  if (objection !== undefined) {
    return expired(rules, situation, notification)
      ? expiry(objection)
      : { kind: 'hold', reason: objection }
  }
  return planFence(rules, situation.snapshot, host)
}

/** Why this host must wait although it is dead: the hold-down, or the storm guard; an operator may overrule both. */
function brake(
  rules: DecisionRules,
  { snapshot, inFlight, failing, ledForMs }: Situation,
  { status }: Notification,
  host: Host,
): string | undefined {
  const { segment, choices, words, hosts, certificate } = snapshot
  if (approvedBy(words) !== undefined) return undefined
  const begun = status !== 'new' || certificate !== undefined
  if (!begun && ledForMs < rules.holdDownMs) {
    return `hold-down: no host is acted on in the first ${rules.holdDownMs / 1000} s of a leader`
  }
  const limits = { ...rules.storm, ...policyOf(rules, segment?.name ?? '', choices) }
  const objection = stormObjection(limits, {
    host: host.uuid,
    hostsInSegment: hosts.length,
    actedOn: new Set([...snapshot.hostsActedOn, ...inFlight]),
  })
  return objection && objection + groupSentence(failing)
}

/** `host_status UNKNOWN`: a second look is taken for a while; whoever is sure makes a report of his own. */
function decideUnsure(
  { unsureHoldMs }: DecisionRules,
  { nowWallMs }: Situation,
  { createdAt }: Notification,
): Decision {
  if (nowWallMs - createdAt <= unsureHoldMs) {
    return {
      kind: 'hold',
      reason: 'the reporter does not know whether the host is down; our own watchers look again',
    }
  }
  return ignored(
    `the reporter did not know whether the host was down, and nobody confirmed it for ${unsureHoldMs / 1000} s`,
  )
}

/** What may stand in for a confirmation: the word of an operator first, then the consent of the segment. */
function planFence(
  rules: DecisionRules,
  { segment, choices, words }: SegmentSnapshot,
  host: Host,
): Decision {
  const { rungs, trustReports } = policyOf(rules, segment?.name ?? '', choices)
  const consent = trustReports ? 'consent' : null
  const lastResort = confirmedBy(words) === undefined ? consent : 'operator'
  return { kind: 'fence', host, rungs, lastResort }
}

/** Pairs of `event` and `vir_domain_event` that mean a guest died (Masakari's vocabulary). */
const GUEST_DIED: ReadonlySet<string> = new Set([
  'LIFECYCLE STOPPED_FAILED',
  'IO_ERROR IO_ERROR_REPORT',
  'QEMU_GUEST_AGENT_ERROR STOPPED_FAILED',
])

function decideGuest({ payload }: Notification): Decision {
  const what = `${payload['event']} ${payload['vir_domain_event']}`
  return GUEST_DIED.has(what) ? { kind: 'restart' } : ignored(`${what} needs no recovery`)
}
