/** Operator commands, and the policy of a segment. */
import type { OperatorCommandKind, SiteCommandKind } from '../../../schema/records.ts'
import { JSON_FLAG, OS_CLOUD } from '../common-options.ts'
import { verb } from '../verb.ts'
import { SHOWN } from './cloud-statuses.ts'

const commands = () => import('../../commands/cloud/operator-commands.ts')

const COMMON = { 'os-cloud': OS_CLOUD, json: JSON_FLAG } as const
const WHY = {
  reason: {
    kind: 'text',
    help: 'why; it is kept with your name, and others read it',
    required: true,
  },
  ...COMMON,
} as const
const STATUSES = {
  0: 'given',
  1: 'it does not fit, you may not give it, or Keystone or the API cannot be reached',
  2: 'clouds.yaml or the OS_* variables cannot be used',
} as const

interface Meaning {
  readonly about: string
  readonly reason: string
}

const aboutOne = (kind: OperatorCommandKind, { about, reason }: Meaning) =>
  verb({
    about,
    options: WHY,
    arguments: {
      recovery: {
        shape: 'one',
        help: 'name of a host, or id of a notification',
      },
    },
    examples: [`${kind} compute-03 --reason "${reason}"`],
    statuses: STATUSES,
    run: async (given) => (await commands()).commandRecovery(kind, given),
  })

const aboutAll = (kind: SiteCommandKind, { about, reason }: Meaning) =>
  verb({
    about,
    options: WHY,
    arguments: {},
    examples: [`${kind} --reason "${reason}"`],
    statuses: STATUSES,
    run: async (given) => (await commands()).commandAll(kind, given),
  })

export const OPERATOR_VERBS = {
  'confirm-dead': aboutOne('confirm-dead', {
    about: 'confirm, on your responsibility, that a host is dead; then its instances are moved',
    reason: 'I have pulled both power cords',
  }),
  approve: aboutOne('approve', {
    about: 'act on a host although the storm guard, a cut link or our own blindness holds it',
    reason: 'rack 4 has lost its power',
  }),
  'let-back': aboutOne('let-back', {
    about: 'return a repaired host to service after it is checked',
    reason: 'new mainboard',
  }),
  pause: aboutOne('pause', {
    about: 'begin nothing new for a recovery',
    reason: 'the storage team repairs the pool',
  }),
  resume: aboutOne('resume', {
    about: 'go on with a paused recovery',
    reason: 'the pool is repaired',
  }),
  cancel: aboutOne('cancel', {
    about: 'end a recovery early; its host stays out of service',
    reason: 'the instances are restored from backups',
  }),
  retry: aboutOne('retry', {
    about: 'begin an ended recovery again, for the instances that were not moved',
    reason: 'there is room again',
  }),
  stop: aboutAll('stop', {
    about: 'take no irreversible step in any segment until the command release',
    reason: 'the network is being rebuilt',
  }),
  release: aboutAll('release', {
    about: 'go on in all segments',
    reason: 'the network works again',
  }),
  'command list': verb({
    about: 'list the commands that were given for a recovery; without one, those for all',
    options: COMMON,
    arguments: {
      recovery: { shape: 'optional', help: 'id of a notification, or the name of a host' },
    },
    examples: ['command list compute-03'],
    statuses: SHOWN,
    run: async (given) => (await commands()).listCommands(given),
  }),
  policy: verb({
    about: 'show the policy of a segment, or change what its operators chose',
    more:
      'Choices: fence, trust_reports, return, max_hosts, max_hosts_share, rebuild_instances, instance_disks, rebuild_local, ' +
      'dead_domain. The value default removes a choice. All changes are made together, or none.',
    options: COMMON,
    arguments: {
      segment: { shape: 'one', help: 'name or uuid of the segment' },
      choices: { shape: 'any', help: 'NAME=VALUE' },
    },
    examples: ['policy zone-a', 'policy zone-a fence=bmc:20,operator:3600 return=operator'],
    statuses: {
      0: 'shown or changed',
      1: SHOWN[1],
      2: `a choice cannot be used, or ${SHOWN[2]}`,
    },
    run: async (given) => (await import('../../commands/cloud/policy.ts')).policy(given),
  }),
} as const
