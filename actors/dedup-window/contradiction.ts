/** What observers say of a host together, when they contradict each other or what the leader itself has seen (decision 0024). Pure. */
import { isLife, type Look } from '../verification/look.ts'
import type { Incident } from './incident.ts'
import { freshOf, judgeHost, type HostVerdict, type QuorumRules } from './quorum.ts'

export interface ContradictionRules extends QuorumRules {
  /** So long the "dead" of an observer about a host that the leader saw alive counts for nothing, ms. */
  readonly doubtMs: number
  /** Between two looks of the leader at a host about which there is a contradiction, ms. */
  readonly hostLookMs: number
}

type Words = Pick<Incident, 'views' | 'look' | 'doubtedUntilMs'>

/** The verdict of the observers who are believed. */
export function judgeWords(words: Words, rules: ContradictionRules, nowMs: number): HostVerdict {
  const { views, look, doubtedUntilMs } = words
  const isRecent = look !== null && nowMs - look.atMs <= rules.freshMs
  const overruled = isRecent && look.finding === 'off' && hasLoneVoiceOfLife(words, rules, nowMs)
  const believed = overruled ? [...views].filter(([, { state }]) => state !== 'alive') : [...views]
  // A doubted observer sees something, and is asked for the quorum, but its "dead" is none.
  const weighed = believed.map(([observer, view]) => {
    const isDoubted = view.state === 'dead' && nowMs < (doubtedUntilMs.get(observer) ?? 0)
    return [observer, isDoubted ? { ...view, state: 'suspect' as const } : view] as const
  })
  return judgeHost(new Map(weighed), rules, nowMs)
}

/** One voice of life alone, or no more of them than of death. */
export function hasLoneVoiceOfLife({ views }: Words, rules: QuorumRules, nowMs: number): boolean {
  const fresh = freshOf(views, rules, nowMs)
  const [alive, dead] = (['alive', 'dead'] as const).map(
    (state) => fresh.filter((view) => view.state === state).length,
  )
  return alive !== undefined && alive > 0 && alive <= Math.max(1, dead ?? 0)
}

/** Whether the leader has looked so lately that it need not look again yet. */
export const wasSeenLately = ({ look }: Words, rules: ContradictionRules, nowMs: number): boolean =>
  look !== null && nowMs - look.atMs < rules.hostLookMs

/** Whether the leader has to see for itself: observers contradict each other, or say again what it saw to be wrong. */
export function mustLook(words: Words, rules: ContradictionRules, nowMs: number): boolean {
  const { views } = words
  if (wasSeenLately(words, rules, nowMs)) return false
  const states = freshOf(views, rules, nowMs).map(({ state }) => state)
  if (states.includes('alive')) return states.includes('dead')
  return judgeHost(views, rules, nowMs) === 'dead' && judgeWords(words, rules, nowMs) !== 'dead'
}

/** The incident with what the leader itself has seen: who called a living host dead is doubted, and else nobody is any more. */
export function withLook(
  incident: Incident,
  look: Look,
  rules: ContradictionRules,
  nowMs: number,
): Incident {
  const wrong = [...incident.views].filter(
    ([, { state, heardAtMs }]) => state === 'dead' && nowMs - heardAtMs <= rules.freshMs,
  )
  const doubted = wrong.map(([name]) => [name, look.atMs + rules.doubtMs] as const)
  const still = [...incident.doubtedUntilMs].filter(([, untilMs]) => nowMs < untilMs)
  const doubtedUntilMs = new Map(isLife(look) ? [...still, ...doubted] : [])
  const { look: before } = incident
  // The dead were reported in vain until now: no pause is due before they are reported again.
  const hasDied = before !== null && isLife(before) && !isLife(look)
  const isOverruled = look.finding === 'off' && hasLoneVoiceOfLife(incident, rules, nowMs)
  const isNews = hasDied || (isOverruled && before?.finding !== 'off')
  const quietUntilMs = isNews ? 0 : incident.quietUntilMs
  return { ...incident, look, doubtedUntilMs, quietUntilMs }
}
