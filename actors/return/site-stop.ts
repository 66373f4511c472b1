/** Whether operators have stopped everything: then no host comes back, and nothing is undone, until they release it. Pure. */
import type { SiteWord } from '../../schema/records.ts'
import { standingOf } from '../../schema/standing.ts'

/** Why nothing may be begun; undefined when it may. The words are read before each step, so that they count between any two. */
export function siteStop(words: readonly SiteWord[]): string | undefined {
  const standing = standingOf([], words.at(-1))
  return standing.kind === 'free' ? undefined : standing.reason
}
