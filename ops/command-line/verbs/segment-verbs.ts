/** Verbs about failover segments. */
import { RECOVERY_METHODS } from '../../../schema/records.ts'
import { JSON_FLAG, OS_CLOUD } from '../common-options.ts'
import { verb, type OptionSpec } from '../verb.ts'
import { DONE, SHOWN } from './cloud-statuses.ts'

const segments = () => import('../../commands/cloud/segments.ts')

const SEGMENT = { shape: 'one', help: 'name or uuid of the segment' } as const
const METHOD = {
  kind: 'text',
  value: 'METHOD',
  help: `recovery method: ${RECOVERY_METHODS.join(', ')}`,
  choices: RECOVERY_METHODS,
} as const satisfies OptionSpec
const DESCRIPTION = { kind: 'text', help: 'what people should know about it' } as const
const COMMON = { 'os-cloud': OS_CLOUD, json: JSON_FLAG } as const

export const SEGMENT_VERBS = {
  'segment list': verb({
    about: 'list the segments of the cloud',
    options: { method: METHOD, ...COMMON },
    arguments: {},
    examples: ['segment list', 'segment list --method auto --json'],
    statuses: SHOWN,
    run: async (given) => (await segments()).listSegments(given),
  }),
  'segment show': verb({
    about: 'show one segment',
    options: COMMON,
    arguments: { segment: SEGMENT },
    examples: ['segment show zone-a'],
    statuses: SHOWN,
    run: async (given) => (await segments()).showSegment(given),
  }),
  'segment create': verb({
    about: 'make a segment',
    options: {
      'service-type': { kind: 'text', help: 'kind of its hosts (default: compute)' },
      description: DESCRIPTION,
      disabled: { kind: 'flag', help: 'recover nothing in it until it is enabled' },
      ...COMMON,
    },
    arguments: {
      name: { shape: 'one', help: 'its name' },
      method: { shape: 'one', help: 'its recovery method', choices: RECOVERY_METHODS },
    },
    examples: ['segment create zone-a auto --description "Rack 1 to 4"'],
    statuses: DONE,
    run: async (given) => (await segments()).createSegment(given),
  }),
  'segment set': verb({
    about: 'change a segment',
    options: {
      name: { kind: 'text', help: 'its new name' },
      method: METHOD,
      description: DESCRIPTION,
      enabled: {
        kind: 'text',
        value: 'YES|NO',
        help: 'whether anything in it is recovered: yes or no',
        choices: ['yes', 'no'],
      },
      ...COMMON,
    },
    arguments: { segment: SEGMENT },
    examples: ['segment set zone-a --enabled no'],
    statuses: DONE,
    run: async (given) => (await segments()).setSegment(given),
  }),
  'segment delete': verb({
    about: 'delete a segment with its hosts',
    options: { 'os-cloud': OS_CLOUD },
    arguments: { segment: SEGMENT },
    examples: ['segment delete zone-a'],
    statuses: DONE,
    run: async (given) => (await segments()).deleteSegment(given),
  }),
} as const
