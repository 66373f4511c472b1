/** Whether operators have stopped everything: then no host comes back, and nothing is undone, until they release it. */
import { controlOf } from '../../schema/recovery-control.ts'
import type { OperatorStore } from '../ports/operator-store.ts'

/** Why nothing may be begun; undefined when it may. Asked before each step, so that the command counts between any two. */
export async function siteStop(
  store: Pick<OperatorStore, 'listSiteCommands'>,
): Promise<string | undefined> {
  const control = controlOf([], (await store.listSiteCommands()).at(-1))
  return control.kind === 'running' ? undefined : control.reason
}
