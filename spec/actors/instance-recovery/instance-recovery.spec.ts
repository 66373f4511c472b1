/** One failed guest is recovered rung by rung, from what Nova and the journal show each time. */
import {
  instanceRecovery,
  type InstanceRecoveryEffect,
  type InstanceRecoveryMessage,
  type InstanceRecoveryState,
} from '../../../actors/instance-recovery/instance-recovery.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { InstanceAction } from '../../../actors/ports/compute.ts'
import { hostName } from '../../../schema/ids.ts'
import { instanceRow } from '../records.ts'
import { testSteps, timer } from '../step-table.ts'
import {
  EXAMINING,
  FINISHED,
  ORDER,
  RULES,
  climbs,
  verifies,
  ends,
  givenWay,
  ordering,
  reply,
  type Case,
} from './examining.ts'
import { DEAD, at, examined, marked, ordered } from './guests.ts'

const BLOCKED: InstanceRecoveryState = { kind: 'blocked', timesBlocked: 2 }
const CONFIRMING: InstanceRecoveryState = { kind: 'confirming', rung: 'start' }
const NOTING: InstanceRecoveryState = { kind: 'noting' }
const lookLater = (afterMs: number): KernelEffect<InstanceRecoveryMessage> =>
  timer('look', afterMs, { type: 'instance.look-due' })
const EXAMINE: InstanceRecoveryEffect = { type: 'instance.examine' }

const owners = (vmState: string, why: string): Case =>
  ends(
    `a guest that is ${vmState} is left to its owner`,
    examined(marked({ vmState })),
    reply('ignored', `the instance is left to its owner: ${why}`),
  )
const stops = (title: string, actions: readonly InstanceAction[]): Case =>
  ends(
    title,
    examined(marked({ vmState: 'stopped' }), { actions }),
    reply('ignored', 'the instance is left to its owner: its user has stopped it'),
  )

const REBOOTED = {
  orders: [ordered('hard-reboot', 50_000)],
  actions: [at('reboot', 45_000), at('create', 0)],
}

testSteps(instanceRecovery(ORDER, RULES), [
  {
    title: 'a recovery begins with an examination',
    state: { kind: 'idle' },
    message: { type: 'instance.begin' },
    next: { kind: 'examining', timesBlocked: 0 },
    effects: [EXAMINE],
  },
  verifies('a guest that Nova calls running is verified first', 'hard-reboot', examined(marked())),
  climbs(
    'a guest that Nova itself has stopped is started',
    'start',
    examined(marked({ vmState: 'stopped', ...DEAD }), {
      actions: [at('stop', 9, null), at('create', 1)],
    }),
  ),
  climbs(
    'a stop before its last start does not count',
    'start',
    examined(marked({ vmState: 'stopped', ...DEAD }), {
      actions: [at('stop', 9, null), at('start', 8, 'user'), at('stop', 7, 'user')],
    }),
  ),
  stops('a stop that its user asked for is respected', [at('stop', 9, 'user'), at('create', 1)]),
  stops('a stop by its user is respected, although Nova repeated it and another action followed', [
    at('lock', 11, 'user'),
    at('stop', 10, null),
    at('stop', 9, 'user'),
    at('reboot', 1, 'user'),
  ]),
  owners('paused', 'its user has paused it'),
  owners('suspended', 'its user has suspended it'),
  owners('rescued', 'its user repairs it in rescue mode'),
  owners('resized', 'its user has not confirmed the resize'),
  owners('building', 'it is still being built'),
  owners('shelved', 'its user has shelved it'),
  owners('dreaming', 'nothing is known about the state dreaming'),
  owners('error', 'it is in ERROR, and recover_ignoring_error_instances is off'),
  ends(
    'a guest that is gone needs nothing',
    examined(undefined),
    reply('ignored', 'the instance does not exist any more'),
  ),
  ends(
    'a guest that has moved to another host is ignored',
    examined(marked({ host: hostName('elsewhere') })),
    reply('ignored', 'the instance is on elsewhere now'),
  ),
  ends(
    'a guest that its owner did not mark is not touched',
    examined(instanceRow()),
    reply('finished', 'nothing to do: HA_Enabled is not set'),
  ),
  {
    title: 'a guest with a task is waited for',
    state: EXAMINING,
    message: examined(marked({ taskState: 'powering-off' })),
    next: BLOCKED,
    effects: [lookLater(17_000)],
  },
  {
    title: 'a guest that runs after a rung is a success, whichever leader ordered the rung',
    state: EXAMINING,
    message: examined(marked(), REBOOTED),
    next: NOTING,
    effects: [{ type: 'instance.note-running' }],
  },
  climbs(
    'a rung that never reached Nova is ordered again',
    'hard-reboot',
    examined(marked(), { ...REBOOTED, actions: [at('reboot', 30_000), at('create', 0)] }),
  ),
  climbs(
    'a guest that is still stopped after its start gets a hard reboot',
    'hard-reboot',
    examined(marked({ vmState: 'stopped', ...DEAD }), {
      orders: [ordered('start', 50_000)],
      actions: [at('stop', 52_000, null), at('start', 50_000)],
    }),
  ),
  ends(
    'a guest that no rung recovers has failed',
    examined(marked({ vmState: 'error', ...DEAD }), REBOOTED),
    reply('failed', 'it is still error after hard-reboot'),
  ),
  {
    title: 'an order is confirmed within its own limit',
    state: ordering('hard-reboot'),
    message: { type: 'instance.ordered' },
    next: { kind: 'confirming', rung: 'hard-reboot' },
    effects: [
      lookLater(1000),
      timer<InstanceRecoveryMessage>('limit', 70_000, { type: 'instance.limit-passed' }),
    ],
  },
  {
    title: 'a check that is due is made',
    state: CONFIRMING,
    message: { type: 'instance.look-due' },
    effects: [{ type: 'instance.look' }],
  },
  {
    title: 'a guest that is still starting is checked again',
    state: CONFIRMING,
    message: { type: 'instance.seen', instance: marked({ taskState: 'powering-on' }) },
    effects: [lookLater(1000)],
  },
  {
    title: 'a guest that runs again is noted',
    state: CONFIRMING,
    message: { type: 'instance.seen', instance: marked() },
    next: NOTING,
    effects: [{ type: 'instance.note-running' }],
  },
  {
    title: 'a guest that Nova shows in error is examined at once',
    state: CONFIRMING,
    message: { type: 'instance.seen', instance: marked({ vmState: 'error', ...DEAD }) },
    next: { kind: 'examining', timesBlocked: 0 },
    effects: [EXAMINE],
  },
  {
    title: 'a guest that is deleted meanwhile needs nothing more',
    state: CONFIRMING,
    message: { type: 'instance.seen', instance: undefined },
    next: FINISHED,
    effects: reply('ignored', 'the instance was deleted meanwhile'),
  },
  {
    title: 'a failed check is repeated within the limit',
    state: CONFIRMING,
    message: { type: 'instance.blocked', reason: 'Nova is away' },
    effects: [lookLater(1000)],
  },
  {
    title: 'a guest that does not run in time is examined for the next rung',
    state: CONFIRMING,
    message: { type: 'instance.limit-passed' },
    next: { kind: 'examining', timesBlocked: 0 },
    effects: [EXAMINE],
  },
  {
    title: 'the recovery ends after the line in the journal',
    state: NOTING,
    message: { type: 'instance.noted' },
    next: FINISHED,
    effects: reply('finished', 'the instance runs again'),
  },
  {
    title: 'a blocked order is followed by another check',
    state: ordering('start'),
    message: { type: 'instance.blocked', reason: 'Nova is away' },
    next: BLOCKED,
    effects: [lookLater(17_000)],
  },
  {
    title: 'a check after it was blocked keeps the count',
    state: BLOCKED,
    message: { type: 'instance.look-due' },
    next: { kind: 'examining', timesBlocked: 2 },
    effects: [EXAMINE],
  },
  {
    title: 'it is an error, to be tried again, when it is blocked too often',
    state: ordering('start', 2),
    message: { type: 'instance.blocked', reason: 'Nova is away' },
    next: FINISHED,
    effects: reply('error', 'Nova is away'),
  },
  ...[EXAMINING, BLOCKED].map((state): Case => ({
    title: `a recovery that is ${state.kind} gives way to an operator’s word`,
    state,
    message: { type: 'instance.forbid', reason: 'paused by alice: lunch' },
    next: FINISHED,
    effects: givenWay('paused by alice: lunch'),
  })),
  {
    title: 'what was ordered before an operator command is followed to its end',
    state: CONFIRMING,
    message: { type: 'instance.forbid', reason: 'paused by alice: lunch' },
  },
  {
    title: 'an order that the store forbids ends the attempt, and counts as no hindrance',
    state: ordering('start'),
    message: { type: 'instance.forbidden', reason: 'paused by alice: lunch' },
    next: FINISHED,
    effects: givenWay('paused by alice: lunch'),
  },
  {
    title: 'a recovery that has ended ignores further messages',
    state: FINISHED,
    message: { type: 'instance.blocked', reason: 'late' },
  },
])

const ERROR = { vmState: 'error', ...DEAD } as const

testSteps(instanceRecovery({ ...ORDER, mayRebuild: true }, { ...RULES, processAll: true }), [
  verifies('a guest that its owner did not mark is recovered when all are', 'hard-reboot', {
    ...examined(instanceRow()),
  }),
  climbs(
    'a guest that a reboot left in error is made anew when its segment allows it',
    'rebuild',
    examined(marked(ERROR), REBOOTED),
  ),
  ends(
    'a guest on a volume cannot be made anew',
    examined(marked({ ...ERROR, volumeBacked: true }), REBOOTED),
    reply('failed', 'it is still error after hard-reboot'),
  ),
])

testSteps(instanceRecovery(ORDER, { ...RULES, recoverError: true }), [
  climbs(
    'a guest that was in error before is recovered when the rules say so',
    'hard-reboot',
    examined(marked(ERROR)),
  ),
])
