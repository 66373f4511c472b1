/** Verbs that show what happens. They change nothing. */
import { CONFIG, JSON_FLAG } from '../common-options.ts'
import { verb, type VerbGroup } from '../verb.ts'

const FOLLOW = {
  kind: 'flag',
  help: 'print further steps until the recovery has ended',
} as const

const trace = verb({
  about: 'tell the story of one recovery with times, also days later',
  options: { config: CONFIG, follow: FOLLOW },
  arguments: {
    recovery: {
      shape: 'one',
      help: 'id of a notification, its trace id, or the name of a host (its latest recovery)',
    },
  },
  examples: ['trace compute-03 --config /etc/xavs/instance-ha/instance-ha.conf'],
  statuses: {
    0: 'printed',
    1: 'there is no such recovery, or the database is not available',
    2: 'the configuration cannot be used',
  },
  run: async (given) => (await import('../../commands/trace.ts')).trace(given),
})

const top = verb({
  about: 'show hosts, recoveries, leader and nodes, as they change',
  more: 'Without a terminal, it listens for 4 seconds and prints once.',
  options: { config: CONFIG },
  arguments: {},
  examples: ['top --config /etc/xavs/instance-ha/instance-ha.conf'],
  statuses: {
    0: 'ended by its reader',
    1: 'the database is not available',
    2: 'the configuration cannot be used',
  },
  run: async (given) => (await import('../../commands/top.ts')).top(given),
})

const tap = verb({
  about: 'print what is said on the bus, as it comes',
  options: {
    config: CONFIG,
    host: { kind: 'text', value: 'HOST', help: 'only what is about this host' },
    instance: { kind: 'text', value: 'ID', help: 'only what is about this instance' },
    notification: { kind: 'text', value: 'ID', help: 'only what is about this recovery' },
    kind: {
      kind: 'text',
      value: 'TYPE',
      help: 'only this type of message, such as host.observed, or all that begin with host.',
    },
    sender: { kind: 'text', value: 'NODE', help: 'only what this process says' },
    since: {
      kind: 'text',
      value: 'TIME',
      help: 'first what the fault stream has since then: 90s, 10m, 2h, 7d, or a time in UTC',
    },
    json: JSON_FLAG,
  },
  arguments: {
    subject: {
      shape: 'optional',
      help: 'only these subjects, with the wildcards * and > of NATS',
    },
  },
  examples: [
    'tap --config /etc/xavs/instance-ha/instance-ha.conf --host compute-03',
    "tap 'fault.>' --since 1h --json --config /etc/xavs/instance-ha/instance-ha.conf",
  ],
  statuses: { 0: 'ended by its reader', 2: 'the configuration cannot be used' },
  run: async (given) => (await import('../../commands/tap.ts')).tap(given),
})

export const WATCHING_VERBS: VerbGroup = {
  title: 'Watch it work (with the configuration of a node):',
  verbs: { top, tap, trace },
}
