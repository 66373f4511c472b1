/** What several observers together say about one host. Pure. */
import type { HostState } from '../../schema/messages/observation.ts'

/** The latest word of one observer. */
export interface View {
  readonly state: HostState
  readonly evidence: readonly string[]
  /** When it was heard, by our monotonic clock. */
  readonly heardAtMs: number
}

export type HostVerdict = 'alive' | 'dead' | 'unclear'

export interface QuorumRules {
  /** Observers that must agree, when there are so many; with fewer, all of them. */
  readonly observersMin: number
  /** A word older than this counts for nothing, ms. */
  readonly freshMs: number
}

/** The words that count. */
export const freshOf = (
  views: ReadonlyMap<string, View>,
  { freshMs }: QuorumRules,
  nowMs: number,
): readonly View[] => [...views.values()].filter(({ heardAtMs }) => nowMs - heardAtMs <= freshMs)

/**
 * One authenticated sign of life outweighs everything (promise I7). Death needs `observersMin` observers, or all when
 * there are fewer; blind and misconfigured observers see nothing, so they are not counted at all.
 */
export function judgeHost(
  views: ReadonlyMap<string, View>,
  rules: QuorumRules,
  nowMs: number,
): HostVerdict {
  const fresh = freshOf(views, rules, nowMs)
  if (fresh.some(({ state }) => state === 'alive')) return 'alive'
  const sighted = fresh.filter(({ state }) => state === 'dead' || state === 'suspect')
  const dead = sighted.filter(({ state }) => state === 'dead')
  const needed = Math.max(1, Math.min(rules.observersMin, sighted.length))
  return dead.length >= needed ? 'dead' : 'unclear'
}
