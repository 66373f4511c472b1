/** How instances that were left on hosts which are back are started. Which ones are: `left-stopped.spec.ts`. */
import {
  decideRestart,
  type Refused,
  type RestartAnswer,
  type RestartTask,
} from '../../../actors/reconciler/restart-on-return.ts'
import { testDecisions } from '../decision-table.ts'
import { I1, I2, instanceRow, M1, M2, moveRow, N1, ONE, THREE } from '../records.ts'

const move = moveRow({ uuid: M1, instance: I1 })
const other = moveRow({ uuid: M2, instance: I2 })
const elsewhere = moveRow({ uuid: M2, instance: I2, sourceHost: THREE })
const stopped = { host: ONE, vmState: 'stopped', powerState: 4 }
const looked: RestartAnswer = {
  type: 'left.looked',
  moves: [move, other],
  instances: [instanceRow({ id: I1, ...stopped }), instanceRow({ id: I2, ...stopped })],
}
const readHistory = (of: typeof move): RestartTask => ({ type: 'left.read-history', move: of })
const reason = 'it ran before the fault and was left on a host that is back'
const stop = { action: 'stop', startedAt: 1000 }

testDecisions<Refused, RestartTask, RestartAnswer>(
  { file: 'reconciler/restart-on-return.ts', initial: new Set(), decide: decideRestart },
  {
    'the moves that were not made, of hosts that are back → the instances of each of these hosts are looked at':
      [
        {
          title: 'once for each host',
          answer: { type: 'left.listed', moves: [move, elsewhere] },
          tasks: [
            { type: 'left.look', host: ONE, moves: [move] },
            { type: 'left.look', host: THREE, moves: [elsewhere] },
          ],
        },
      ],
    'an instance is stopped where it was left → its history is read': [
      { title: 'two of them', answer: looked, tasks: [readHistory(move), readHistory(other)] },
      {
        title: 'not if Nova did not start it before',
        memory: new Set([M1]),
        answer: looked,
        tasks: [readHistory(other)],
      },
      { title: 'not if it is gone', answer: { ...looked, instances: [] } },
      {
        title: 'not if it runs',
        answer: { ...looked, moves: [move], instances: [instanceRow({ id: I1 })] },
      },
    ],
    "Nova has stopped it, in nobody's name → it is started": [
      {
        title: 'it is',
        answer: { type: 'left.history-read', move, actions: [{ ...stop, user: null }] },
        tasks: [{ type: 'left.start', move, reason }],
      },
    ],
    'somebody else has stopped it, or has started it since → nothing': [
      {
        title: 'its user has stopped it',
        answer: { type: 'left.history-read', move, actions: [{ ...stop, user: 'bob' }] },
      },
    ],
    'it is started → that is announced': [
      {
        title: 'with the reason',
        answer: { type: 'left.started', move, reason },
        tasks: [
          {
            type: 'left.announce',
            recovery: {
              notification: N1,
              host: ONE,
              step: 'start',
              reason,
              evidence: ["Nova has stopped web in nobody's name"],
            },
          },
        ],
      },
    ],
    'operators forbid it → nothing: it is looked at again': [
      { title: 'no trouble is remembered', answer: { type: 'left.forbidden' } },
    ],
    'Nova does not start it → that is recorded, and Nova is not asked again': [
      {
        title: 'its volume is gone',
        memory: new Set([M2]),
        answer: { type: 'left.refused', move, problem: 'Its volume is gone.' },
        tasks: [{ type: 'left.explain', move, problem: 'Its volume is gone.' }],
        next: new Set([M2, M1]),
      },
    ],
    'it is recorded or announced → nothing': [
      { title: 'nothing else', answer: { type: 'left.said' } },
    ],
    'Nova or the store is away → the next round begins anew': [
      {
        title: 'what was refused is still remembered',
        memory: new Set([M2]),
        answer: { type: 'restart.away' },
        ends: 'end-round',
      },
    ],
  },
)
