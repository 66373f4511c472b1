/** Whether operators have stopped everything: then no host comes back, and nothing is undone, until they release it. Pure. */
import type { SiteCommand } from '../../schema/records.ts'
import { controlOf } from '../../schema/recovery-control.ts'

/** Why nothing may be begun; undefined when it may. The commands are read before each step, so that they count between any two. */
export function siteStop(commands: readonly SiteCommand[]): string | undefined {
  const control = controlOf([], commands.at(-1))
  return control.kind === 'running' ? undefined : control.reason
}
