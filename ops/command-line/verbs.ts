/** All verbs of the command line, in the order of the help. */
import type { VerbGroup } from './verb.ts'
import { HOST_VERBS } from './verbs/host-verbs.ts'
import { NODE_VERBS } from './verbs/node-verbs.ts'
import { OPERATOR_VERBS } from './verbs/operator-verbs.ts'
import { OTHER_VERBS } from './verbs/other-verbs.ts'
import { RECOVERY_VERBS } from './verbs/recovery-verbs.ts'
import { SEGMENT_VERBS } from './verbs/segment-verbs.ts'
import { SIMULATED_CLOUD_VERBS } from './verbs/simulated-cloud-verbs.ts'
import { WATCHING_VERBS } from './verbs/watching-verbs.ts'

export const VERB_GROUPS: readonly VerbGroup[] = [
  {
    title: 'A running cloud (with clouds.yaml or OS_* variables):',
    verbs: { ...SEGMENT_VERBS, ...HOST_VERBS, ...RECOVERY_VERBS },
  },
  { title: 'Operator commands (the same):', verbs: OPERATOR_VERBS },
  WATCHING_VERBS,
  NODE_VERBS,
  SIMULATED_CLOUD_VERBS,
  OTHER_VERBS,
]

/** What the first word of verbs with two words stands for. */
export const NOUNS: Readonly<Record<string, string>> = {
  segment: 'failover segments: groups of hosts that take over from each other',
  host: 'the hosts of segments, and their settings',
  notification: 'reported faults, and their recoveries',
  move: 'moves of instances by recoveries',
  instance: 'the instances of your project',
  command: 'operator commands that were given',
  config: 'the configuration file of a node',
  'simulated-cloud': 'a cloud for trials, and its hosts',
}
