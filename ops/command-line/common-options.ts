/** Options that several verbs take. */
import type { OptionSpec } from './verb.ts'

/** The configuration of a node. */
export const CONFIG = {
  kind: 'text',
  value: 'FILE',
  help: 'the configuration of this node',
  required: true,
} as const satisfies OptionSpec

/** What every verb of a running cloud takes. */
export const OS_CLOUD = {
  kind: 'text',
  value: 'NAME',
  help: 'a cloud of clouds.yaml (default: OS_CLOUD, else the OS_* variables)',
} as const satisfies OptionSpec

export const JSON_FLAG = {
  kind: 'flag',
  help: 'print JSON for programs instead of text for people',
} as const satisfies OptionSpec
