/** All verbs of the command line, in the order of the help. */
import { NODE_VERBS } from './verbs/node-verbs.ts'
import { OPERATOR_VERBS } from './verbs/operator-verbs.ts'
import { OTHER_VERBS } from './verbs/other-verbs.ts'
import { WATCHING_VERBS } from './verbs/watching-verbs.ts'
import type { VerbGroup } from './verb.ts'

export const VERB_GROUPS: readonly VerbGroup[] = [
  OPERATOR_VERBS,
  WATCHING_VERBS,
  NODE_VERBS,
  OTHER_VERBS,
]

/** What the first word of verbs with two words stands for. */
export const NOUNS: Readonly<Record<string, string>> = {
  config: 'the configuration file of a node',
}
