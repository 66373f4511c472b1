/** The rule for VM notifications: which guests are recovered, and how often. Pure. */
import { askedForAt } from '../../schema/recovery-control.ts'
import { isoTime } from '../../schema/time.ts'
import { quarantinedUntil } from '../policy/quarantine.ts'
import type { InstanceRestart } from '../ports/host-fault.ts'
import { hold, ignored, type DecisionRules, type Rule, type Situation } from './decision.ts'
import { eventPolicy } from '../instance-recovery/instance-events.ts'
import { policyOf } from '../policy/segment-policy.ts'
import { superseded } from './superseded.ts'

/** Decides about a reported guest: recover it, wait, or give the reason for doing nothing. */
export const decideInstance: Rule = (rules, situation, notification, host) => {
  const { uuid, payload, status } = notification
  const { snapshot, recovering } = situation
  const policy = eventPolicy(notification)
  if (policy.kind === 'ignore') return ignored(policy.because)
  const higher = superseded(rules, situation, notification, host)
  if (higher !== undefined) return higher
  const others = snapshot.restarts.filter((restart) => restart.notification !== uuid)
  const askedAt = askedForAt(notification, snapshot.commands)
  const since = others.find(({ ranAt }) => ranAt !== null && askedAt + STAMP_MS <= ranAt)
  if (since !== undefined) return ignored(`recovery ${since.notification} has restarted it since`)
  const rival = recovering.get(payload['instance_uuid'] ?? '')
  const wait = (reason: string) => hold(rules, situation, notification, reason)
  if (rival !== undefined) return wait(`recovery ${rival} restarts it already`)
  const until = status === 'new' ? leftAloneUntil(rules, situation, others) : 0
  if (situation.nowWallMs < until) {
    const times = `${others.length} times`
    return wait(`it was restarted ${times} lately and is left alone until ${isoTime(until)}`)
  }
  const { instanceRebuild } = policyOf(rules, snapshot.segment?.name ?? '', snapshot.choices)
  const mayRebuild = instanceRebuild === 'allow'
  return { kind: 'restart', fault: policy.fault, mayRebuild, askedForAt: askedAt }
}

/** The time of a notification is stored in whole seconds, rounded down. */
const STAMP_MS = 1000

/** The crash-loop limit: each recovery counts once, however many rungs it climbed. */
function leftAloneUntil(
  { crashLoop }: DecisionRules,
  { nowWallMs }: Situation,
  restarts: readonly InstanceRestart[],
): number {
  const times = restarts.map(({ orderedAt }) => orderedAt)
  const lately = times.filter((at) => at > nowWallMs - crashLoop.windowMs)
  return quarantinedUntil(crashLoop, lately)
}
