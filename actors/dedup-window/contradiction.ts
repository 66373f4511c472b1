/** What observers say of a host together, when they contradict each other or what the leader itself has seen (decision 0024). Pure. */
import type { Observation } from '../ports/observations.ts'
import { isLife, type Look } from '../verification/look.ts'
import type { Incident } from './incident.ts'
import { judgeHost, type HostVerdict, type QuorumRules } from './quorum.ts'

export interface ContradictionRules extends QuorumRules {
  /** What the leader saw is good for as long as an observation, ms. */
  readonly freshMs: number
  /** So long the "dead" of an observer about a host that the leader saw alive counts for nothing, ms. */
  readonly doubtMs: number
  /** Between two looks of the leader at a host about which there is a contradiction, ms. */
  readonly hostLookMs: number
}

/** What the leader itself knows of a host. */
type OwnKnowledge = Pick<Incident, 'look' | 'doubtedUntilMs'>

/** What observers say of a host now, and what the leader itself knows of it. */
export interface Testimony extends OwnKnowledge {
  /** Fresh ones, one an observer. */
  readonly observations: readonly Observation[]
}

/** The verdict of the observers who are believed. */
export function judgeTestimony(
  testimony: Testimony,
  rules: ContradictionRules,
  nowMs: number,
): HostVerdict {
  const { observations, look, doubtedUntilMs } = testimony
  const isRecent = look !== null && nowMs - look.atMs <= rules.freshMs
  const overruled = isRecent && look.finding === 'off' && hasLoneVoiceOfLife(observations)
  const believed = overruled ? observations.filter(({ state }) => state !== 'alive') : observations
  // A doubted observer sees something, and is asked for the quorum, but its "dead" is none.
  const weighed = believed.map(({ observer, state }) => {
    const isDoubted = state === 'dead' && nowMs < (doubtedUntilMs.get(observer) ?? 0)
    return { state: isDoubted ? ('suspect' as const) : state }
  })
  return judgeHost(weighed, rules)
}

/** One voice of life alone, or no more of them than of death. */
export function hasLoneVoiceOfLife(observations: readonly Observation[]): boolean {
  const [alive, dead] = (['alive', 'dead'] as const).map(
    (state) => observations.filter((observation) => observation.state === state).length,
  )
  return alive !== undefined && alive > 0 && alive <= Math.max(1, dead ?? 0)
}

/** Whether the leader has looked so lately that it need not look again yet. */
export const wasSeenLately = (
  { look }: Pick<OwnKnowledge, 'look'>,
  rules: ContradictionRules,
  nowMs: number,
): boolean => look !== null && nowMs - look.atMs < rules.hostLookMs

/** Whether the leader has to see for itself: observers contradict each other, or say again what it saw to be wrong. */
export function mustLook(testimony: Testimony, rules: ContradictionRules, nowMs: number): boolean {
  if (wasSeenLately(testimony, rules, nowMs)) return false
  const { observations } = testimony
  const states = observations.map(({ state }) => state)
  if (states.includes('alive')) return states.includes('dead')
  return (
    judgeHost(observations, rules) === 'dead' && judgeTestimony(testimony, rules, nowMs) !== 'dead'
  )
}

/** The incident with what the leader itself has seen: who called a living host dead is doubted, and else nobody is any more. */
export function withLook(
  incident: Incident,
  observations: readonly Observation[],
  look: Look,
  { rules, nowMs }: { readonly rules: ContradictionRules; readonly nowMs: number },
): Incident {
  const wrong = observations.filter(({ state }) => state === 'dead')
  const doubted = wrong.map(({ observer }) => [observer, look.atMs + rules.doubtMs] as const)
  const still = [...incident.doubtedUntilMs].filter(([, untilMs]) => nowMs < untilMs)
  const doubtedUntilMs = new Map(isLife(look) ? [...still, ...doubted] : [])
  const { look: before } = incident
  // The dead were reported in vain until now: no pause is due before they are reported again.
  const hasDied = before !== null && isLife(before) && !isLife(look)
  const isOverruled = look.finding === 'off' && hasLoneVoiceOfLife(observations)
  const isNews = hasDied || (isOverruled && before?.finding !== 'off')
  const quietUntilMs = isNews ? 0 : incident.quietUntilMs
  return { ...incident, look, doubtedUntilMs, quietUntilMs }
}
