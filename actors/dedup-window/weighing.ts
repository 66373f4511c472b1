/** What follows from what observers say of one host: a sign of life is passed on, a death is reported, a contradiction looked into. Pure. */
import type { HostId } from '../../schema/ids.ts'
import { hostId } from '../../schema/ids.ts'
import { tell } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { LeaderMessage } from '../leadership/leader.ts'
import type { Observation } from '../ports/observations.ts'
import { judgeTestimony, mustLook, withLook } from './contradiction.ts'
import { evidenceOf, newIncident, type Incident } from './incident.ts'
import {
  withIncident,
  type DedupWindowMessage,
  type DedupWindowState,
  type WindowRules,
  type WindowStep,
} from './window-state.ts'

interface Weighing {
  readonly rules: WindowRules
  readonly leader: ActorRef<LeaderMessage>
  /** What observers say of the host. */
  readonly observations: readonly Observation[]
  readonly atMs: number
}

/** An observer says what it sees. */
export function onObserved(
  rules: WindowRules,
  leader: ActorRef<LeaderMessage>,
  state: DedupWindowState,
  { observed, observations, atMs }: DedupWindowMessage & { readonly type: 'window.observed' },
): WindowStep {
  const known = state.incidents.get(hostId(observed.host)) ?? newIncident(observed)
  const { host, hostName, isDoubted } = known
  const isDoubt = observed.state === 'suspect' || observed.state === 'dead'
  const weighing = { rules, leader, observations, atMs }
  const heard = { ...known, isDoubted: isDoubt || isDoubted }
  const [next, effects] = weigh(weighing, state, heard, observed.observer)
  if (!isDoubt || isDoubted) return [next, effects]
  return [next, [{ type: 'host.probe-early', host, hostName }, ...effects]]
}

/** The leader itself has looked: for a fence, or because of a contradiction. */
export function onHostLooked(
  rules: WindowRules,
  leader: ActorRef<LeaderMessage>,
  state: DedupWindowState,
  message: DedupWindowMessage & { readonly type: 'window.host-looked' },
): WindowStep {
  const { host, look, observations, atMs } = message
  const inSight = new Set(state.inSight)
  inSight.delete(host)
  const next = { ...state, inSight }
  const known = next.incidents.get(host)
  if (known === undefined || look === undefined) return [next, []]
  const seen = withLook(known, observations, look, { rules, nowMs: atMs })
  return weigh({ rules, leader, observations, atMs }, next, seen, 'its observers')
}

function weigh(
  weighing: Weighing,
  state: DedupWindowState,
  heard: Incident,
  speaker: string,
): WindowStep {
  const { rules, leader, observations, atMs } = weighing
  const verdict = judgeTestimony({ ...heard, observations }, rules, atMs)
  const incident = verdict === 'alive' ? { ...heard, reports: 0, isDoubted: false } : heard
  const [next, looks] = lookIfContradicted(weighing, withIncident(state, incident), incident)
  if (verdict === 'alive' && incident.open !== null) {
    const { host, segment, hostName } = incident
    const reason = `${hostName} was seen alive by ${speaker}`
    return [next, [...looks, tell(leader, { type: 'leader.host-alive', segment, host, reason })]]
  }
  const unreported = incident.open === null || incident.unsure
  const mayReport = state.settled && unreported && atMs >= incident.quietUntilMs
  if (verdict !== 'dead' || !mayReport) return [next, looks]
  const quietMs = Math.min(rules.quietMsMax, rules.quietMs * 2 ** incident.reports)
  const quiet = { ...incident, quietUntilMs: atMs + quietMs, reports: incident.reports + 1 }
  const { host, hostName } = incident
  const repeated = incident.reports > 0
  return [withIncident(next, quiet), [...looks, { type: 'fault.report', host, hostName, repeated }]]
}

const lookIfContradicted = (
  { rules, observations, atMs }: Weighing,
  state: DedupWindowState,
  incident: Incident,
): WindowStep =>
  mustLook({ ...incident, observations }, rules, atMs)
    ? lookAt(state, incident, observations)
    : [state, []]

/** Of many hosts at once only some are looked at: the next observation asks again. */
const IN_SIGHT_MAX = 16

/** The leader looks at a host itself, unless it does so already. */
export function lookAt(
  state: DedupWindowState,
  incident: Incident,
  observations: readonly Observation[],
): WindowStep {
  const { host, hostName, look } = incident
  if (state.inSight.has(host) || state.inSight.size >= IN_SIGHT_MAX) return [state, []]
  const inSight: ReadonlySet<HostId> = new Set([...state.inSight, host])
  const before = look?.finding ?? null
  const said = evidenceOf(observations)
  return [{ ...state, inSight }, [{ type: 'host.look', host, hostName, before, said }]]
}
