/** Verbs about the hosts of segments. */
import { JSON_FLAG, OS_CLOUD } from '../common-options.ts'
import { verb, type OptionSpec } from '../verb.ts'
import { DONE, SHOWN } from './cloud-statuses.ts'

const hosts = () => import('../../commands/cloud/hosts.ts')

const HOST = { shape: 'one', help: 'name or uuid of the host' } as const
const COMMON = { 'os-cloud': OS_CLOUD, json: JSON_FLAG } as const
const IN_SEGMENT = {
  kind: 'text',
  value: 'SEGMENT',
  help: 'name or uuid of its segment (default: every segment is searched)',
} as const satisfies OptionSpec
const SETTINGS =
  'a file with its settings as one JSON object; - is the standard input. They have passwords, so they are no argument'
const yesOrNo = (help: string) =>
  ({ kind: 'text', value: 'YES|NO', help, choices: ['yes', 'no'] }) as const

export const HOST_VERBS = {
  'host list': verb({
    about: 'list hosts with their state',
    options: {
      segment: { ...IN_SEGMENT, help: 'only of this segment, by name or uuid' },
      ...COMMON,
    },
    arguments: {},
    examples: ['host list', 'host list --segment zone-a'],
    statuses: SHOWN,
    run: async (given) => (await hosts()).listHosts(given),
  }),
  'host show': verb({
    about: 'show one host, and what each observer sees of it',
    options: { segment: IN_SEGMENT, ...COMMON },
    arguments: { host: HOST },
    examples: ['host show compute-03'],
    statuses: SHOWN,
    run: async (given) => (await hosts()).showHost(given),
  }),
  'host create': verb({
    about: 'register a compute host in a segment',
    options: {
      'control-attributes': { kind: 'text', value: 'FILE', help: SETTINGS, required: true },
      type: { kind: 'text', help: 'a word of your own about it (default: COMPUTE)' },
      reserved: { kind: 'flag', help: 'keep it as a spare for failovers' },
      ...COMMON,
    },
    arguments: {
      segment: { shape: 'one', help: 'name or uuid of the segment' },
      host: { shape: 'one', help: 'the name that Nova has for the host' },
    },
    examples: ['host create zone-a compute-03 --control-attributes compute-03.json'],
    statuses: DONE,
    run: async (given) => (await hosts()).createHost(given),
  }),
  'host set': verb({
    about: 'change a host: its settings, whether it is a spare, its maintenance',
    options: {
      'control-attributes': { kind: 'text', value: 'FILE', help: SETTINGS },
      reserved: yesOrNo('whether it is a spare for failovers: yes or no'),
      maintenance: yesOrNo('whether its faults are ignored: yes or no'),
      segment: IN_SEGMENT,
      ...COMMON,
    },
    arguments: { host: HOST },
    examples: ['host set compute-03 --maintenance yes'],
    statuses: DONE,
    run: async (given) => (await hosts()).setHost(given),
  }),
  'host delete': verb({
    about: 'remove a host from its segment',
    options: { segment: IN_SEGMENT, 'os-cloud': OS_CLOUD },
    arguments: { host: HOST },
    examples: ['host delete compute-03'],
    statuses: DONE,
    run: async (given) => (await hosts()).deleteHost(given),
  }),
  plan: verb({
    about: 'show what would happen if a host died now, and where its instances would go',
    more: 'The engine’s own rules decide. Nothing is changed.',
    options: { segment: IN_SEGMENT, ...COMMON },
    arguments: { host: HOST },
    examples: ['plan compute-03'],
    statuses: SHOWN,
    run: async (given) => (await hosts()).planHost(given),
  }),
} as const
