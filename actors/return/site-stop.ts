/** Whether operators have stopped everything: then no host comes back, and nothing is undone, until they release it. */
import { standingOf } from '../../schema/standing.ts'
import type { OperatorStore } from '../ports/operator-store.ts'

/** Why nothing may be begun; undefined when it may. Asked before each step, so that the word counts between any two. */
export async function siteStop(
  store: Pick<OperatorStore, 'listSiteWords'>,
): Promise<string | undefined> {
  const standing = standingOf([], (await store.listSiteWords()).at(-1))
  return standing.kind === 'free' ? undefined : standing.reason
}
