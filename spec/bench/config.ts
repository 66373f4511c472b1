/** Configurations for benchmarks, from the text of a file. */
import { describeProblems, readConfig } from '../../ops/load-config.ts'
import type { Config } from '../../schema/config.ts'

/** The configuration; throws its problems. */
export function configOf(text: string, origin: 'embedded' | 'file'): Config {
  const loaded = readConfig(text, origin)
  if (loaded.kind === 'ok') return loaded.config
  throw new Error(`not a configuration: ${describeProblems(loaded.problems)}`)
}
