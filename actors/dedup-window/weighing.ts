/** What follows from the words of observers about one host: a sign of life is passed on, a death is reported, a contradiction looked into. Pure. */
import type { HostId } from '../../schema/ids.ts'
import { hostId } from '../../schema/ids.ts'
import { tell } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { LeaderMessage } from '../leadership/leader.ts'
import { judgeWords, mustLook, withLook } from './contradiction.ts'
import { evidenceOf, newIncident, withView, type Incident } from './incident.ts'
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
  readonly atMs: number
}

/** An observer says what it sees. */
export function onObserved(
  rules: WindowRules,
  leader: ActorRef<LeaderMessage>,
  state: DedupWindowState,
  { observed, atMs }: DedupWindowMessage & { readonly type: 'window.observed' },
): WindowStep {
  const known = state.incidents.get(hostId(observed.host)) ?? newIncident(observed)
  const heard = withView(known, observed, atMs)
  return weigh({ rules, leader, atMs }, state, heard, observed.observer)
}

/** The leader itself has looked: for a fence, or because of a contradiction. */
export function onHostLooked(
  rules: WindowRules,
  leader: ActorRef<LeaderMessage>,
  state: DedupWindowState,
  { host, look, atMs }: DedupWindowMessage & { readonly type: 'window.host-looked' },
): WindowStep {
  const inSight = new Set(state.inSight)
  inSight.delete(host)
  const next = { ...state, inSight }
  const known = next.incidents.get(host)
  if (known === undefined || look === undefined) return [next, []]
  const seen = withLook(known, look, rules, atMs)
  return weigh({ rules, leader, atMs }, next, seen, 'its observers')
}

function weigh(
  weighing: Weighing,
  state: DedupWindowState,
  heard: Incident,
  speaker: string,
): WindowStep {
  const { rules, leader, atMs } = weighing
  const verdict = judgeWords(heard, rules, atMs)
  const incident = verdict === 'alive' ? { ...heard, reports: 0 } : heard
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
  { rules, atMs }: Weighing,
  state: DedupWindowState,
  incident: Incident,
): WindowStep => (mustLook(incident, rules, atMs) ? lookAt(state, incident) : [state, []])

/** Of many hosts at once only some are looked at: the next word asks again. */
const IN_SIGHT_MAX = 16

/** The leader looks at a host itself, unless it does so already. */
export function lookAt(state: DedupWindowState, incident: Incident): WindowStep {
  const { host, hostName, look } = incident
  if (state.inSight.has(host) || state.inSight.size >= IN_SIGHT_MAX) return [state, []]
  const inSight: ReadonlySet<HostId> = new Set([...state.inSight, host])
  const before = look?.finding ?? null
  const said = evidenceOf(incident)
  return [{ ...state, inSight }, [{ type: 'host.look', host, hostName, before, said }]]
}
