/** What several observers together say about one host. Pure. */
import type { Observation } from '../ports/observations.ts'

export type HostVerdict = 'alive' | 'dead' | 'unclear'

export interface QuorumRules {
  /** Observers that must agree, when there are so many; with fewer, all of them. */
  readonly observersMin: number
}

/**
 * One authenticated sign of life outweighs everything (promise I7). Death needs `observersMin` observers, or all when
 * there are fewer; blind and misconfigured observers see nothing, so they are not counted at all. Only fresh observations come
 * here: `HostObservations` gives no others.
 */
export function judgeHost(
  fresh: readonly Pick<Observation, 'state'>[],
  { observersMin }: QuorumRules,
): HostVerdict {
  if (fresh.some(({ state }) => state === 'alive')) return 'alive'
  const sighted = fresh.filter(({ state }) => state === 'dead' || state === 'suspect')
  const dead = sighted.filter(({ state }) => state === 'dead')
  const needed = Math.max(1, Math.min(observersMin, sighted.length))
  return dead.length >= needed ? 'dead' : 'unclear'
}
