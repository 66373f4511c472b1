/** Verbs about reported faults, their recoveries, and the moves of instances. */
import { MOVE_STATUSES, NOTIFICATION_STATUSES } from '../../../schema/records.ts'
import { JSON_FLAG, OS_CLOUD } from '../common-options.ts'
import { verb } from '../verb.ts'
import { DONE, SHOWN } from './cloud-statuses.ts'

const notifications = () => import('../../commands/cloud/notifications.ts')

const COMMON = { 'os-cloud': OS_CLOUD, json: JSON_FLAG } as const
const RECOVERY_HELP = 'id of a notification, or the name of a host (its latest recovery)'
const RECOVERY = { shape: 'one', help: RECOVERY_HELP } as const
const TYPES = ['COMPUTE_HOST', 'VM', 'PROCESS'] as const

export const RECOVERY_VERBS = {
  'notification list': verb({
    about: 'list reported faults and what became of them, the newest first',
    options: {
      status: {
        kind: 'text',
        value: 'STATUS',
        help: 'only with this status',
        choices: NOTIFICATION_STATUSES,
      },
      type: { kind: 'text', value: 'TYPE', help: 'only of this type', choices: TYPES },
      host: { kind: 'text', value: 'HOST', help: 'only about this host, by name or uuid' },
      since: {
        kind: 'text',
        value: 'TIME',
        help: 'only from then on, such as 2026-11-22T08:35:00 (UTC)',
      },
      limit: { kind: 'whole', value: 'N', help: 'at most so many (default 100)', least: 1 },
      ...COMMON,
    },
    arguments: {},
    examples: ['notification list', 'notification list --status failed --host compute-03'],
    statuses: SHOWN,
    run: async (given) => (await notifications()).listNotifications(given),
  }),
  'notification show': verb({
    about: 'show one reported fault, and the progress of its recovery',
    options: COMMON,
    arguments: { recovery: RECOVERY },
    examples: ['notification show compute-03'],
    statuses: SHOWN,
    run: async (given) => (await notifications()).showNotification(given),
  }),
  'notification evidence': verb({
    about: 'show why a recovery did what it did: the death certificate and the journal',
    options: COMMON,
    arguments: { recovery: RECOVERY },
    examples: ['notification evidence compute-03'],
    statuses: SHOWN,
    run: async (given) => (await notifications()).showEvidence(given),
  }),
  'notification create': verb({
    about: 'report a fault, as a monitor does',
    more: 'A report of a dead host makes the engine look at the host. It is fenced only when the engine does not see it alive.',
    options: {
      payload: {
        kind: 'text',
        value: 'JSON',
        help: 'the payload that the type needs',
        required: true,
      },
      time: { kind: 'text', value: 'TIME', help: 'when it happened, in UTC (default: now)' },
      ...COMMON,
    },
    arguments: {
      type: { shape: 'one', help: 'the type of the fault', choices: TYPES },
      host: { shape: 'one', help: 'name of the host' },
    },
    examples: [
      'notification create COMPUTE_HOST compute-03 --payload \'{"event": "STOPPED", "host_status": "NORMAL", "cluster_status": "OFFLINE"}\'',
    ],
    statuses: DONE,
    run: async (given) => (await notifications()).createNotification(given),
  }),
  'move list': verb({
    about: 'list the moves of a recovery; without one, those of the instances of your project',
    options: {
      status: {
        kind: 'text',
        value: 'STATUS',
        help: 'only with this status',
        choices: MOVE_STATUSES,
      },
      ...COMMON,
    },
    arguments: { recovery: { shape: 'optional', help: RECOVERY_HELP } },
    examples: ['move list compute-03', 'move list compute-03 --status failed'],
    statuses: SHOWN,
    run: async (given) => (await notifications()).listMoves(given),
  }),
  'move show': verb({
    about: 'show one move with its attempts',
    options: COMMON,
    arguments: {
      recovery: RECOVERY,
      move: { shape: 'one', help: 'uuid of the move, or name or uuid of the instance' },
    },
    examples: ['move show compute-03 vm-017'],
    statuses: SHOWN,
    run: async (given) => (await notifications()).showMove(given),
  }),
  'instance list': verb({
    about: 'list the instances of your project: whether each is protected, or why not',
    options: COMMON,
    arguments: {},
    examples: ['instance list'],
    statuses: SHOWN,
    run: async (given) => (await notifications()).listInstances(given),
  }),
} as const
