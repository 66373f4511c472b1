/** Operator commands, and the policy of a segment. */
import { CONFIG } from '../common-options.ts'
import { verb, type VerbGroup } from '../verb.ts'
import type { OperatorCommandKind, SiteCommandKind } from '../../../schema/records.ts'

const WHY = {
  config: CONFIG,
  by: { kind: 'text', value: 'NAME', help: 'your name', required: true },
  reason: { kind: 'text', help: 'why', required: true },
} as const
const STATUSES = {
  0: 'given',
  1: 'it does not fit, or the database is not available',
  2: 'the configuration cannot be used',
} as const
const ENDING = '--by alice --reason "…" --config instance-ha.conf'

const aboutOne = (kind: OperatorCommandKind, about: string) =>
  verb({
    about,
    options: WHY,
    arguments: { recovery: { shape: 'one', help: 'name of a host, or id of a notification' } },
    examples: [`${kind} compute-03 ${ENDING}`],
    statuses: STATUSES,
    run: async (given) =>
      (await import('../../commands/operator-command.ts')).operatorCommand(kind)(given),
  })

const aboutAll = (kind: SiteCommandKind, about: string) =>
  verb({
    about,
    options: WHY,
    arguments: {},
    examples: [`${kind} ${ENDING}`],
    statuses: STATUSES,
    run: async (given) =>
      (await import('../../commands/operator-command.ts')).operatorCommand(kind)(given),
  })

const policy = verb({
  about: 'show the policy of a segment, or change what its operators chose',
  options: { config: CONFIG },
  arguments: {
    segment: { shape: 'one', help: 'name or uuid' },
    choices: { shape: 'any', help: 'NAME=VALUE; the value default removes a choice' },
  },
  examples: ['policy zone-a fence=bmc:20,operator:3600 --config instance-ha.conf'],
  statuses: {
    0: 'shown or changed',
    1: 'the database is not available',
    2: 'the configuration or a choice cannot be used',
  },
  run: async (given) => (await import('../../commands/policy.ts')).policy(given),
})

export const OPERATOR_VERBS: VerbGroup = {
  title: 'Command recoveries:',
  verbs: {
    'confirm-dead': aboutOne(
      'confirm-dead',
      'confirm, on your responsibility, that the host is dead',
    ),
    approve: aboutOne('approve', 'act on the host although the storm guard or a cut link holds it'),
    'let-back': aboutOne('let-back', 'return the host to service after it is checked'),
    pause: aboutOne('pause', 'begin nothing new for the recovery'),
    resume: aboutOne('resume', 'go on with the recovery'),
    cancel: aboutOne('cancel', 'end the recovery early; the host stays out of service'),
    retry: aboutOne('retry', 'begin an ended recovery again'),
    stop: aboutAll('stop', 'take no irreversible step in any segment until the command release'),
    release: aboutAll('release', 'go on in all segments'),
    policy,
  },
}
