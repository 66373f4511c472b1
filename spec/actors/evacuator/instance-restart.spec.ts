/** One failed guest is restarted once, and watched until Nova shows it running. */
import {
  instanceRestart,
  type RestartEffect,
  type RestartMessage,
  type RestartState,
} from '../../../actors/evacuator/instance-restart.ts'
import type { KernelEffect, Tell } from '../../../actors/kernel/behaviour.ts'
import { refOf } from '../../../actors/kernel/ref.ts'
import type { Instance } from '../../../actors/ports/compute.ts'
import { I1, N1, instanceRow } from '../records.ts'
import { testSteps, timer, type Row } from '../step-table.ts'

const RULES = { processAll: false, haMetadataKey: 'HA_Enabled', pollMs: 1000, deadlineMs: 60_000 }
const ORDER = { notification: N1, instance: I1, replyTo: refOf('segment', 'one') } as const

const IDLE: RestartState = { kind: 'idle' }
const DECIDING: RestartState = { kind: 'deciding' }
const ORDERING: RestartState = { kind: 'ordering' }
const CONFIRMING: RestartState = { kind: 'confirming' }
const FINISHED: RestartState = { kind: 'finished' }

const marked = (change: Partial<Instance> = {}): Instance =>
  instanceRow({ metadata: { HA_Enabled: 'true' }, ...change })
const read = (instance: Instance | undefined): RestartMessage => ({
  type: 'restart.read',
  instance,
})
const reply = (status: 'finished' | 'ignored' | 'error', reason: string): readonly Tell[] => [
  {
    type: 'tell',
    to: 'segment/one',
    message: { type: 'restart.finished', notification: N1, status, reason } as Tell['message'],
  },
]
const lookLater = timer<RestartMessage>('look', 1000, { type: 'restart.look-due' })

type Case = Row<RestartState, RestartMessage, RestartEffect | KernelEffect<RestartMessage>>
const ordered = (vmState: string, how: 'hard-reboot' | 'start'): Case => ({
  title: `a guest that is ${vmState} gets a ${how}`,
  state: DECIDING,
  message: read(marked({ vmState })),
  next: ORDERING,
  effects: [{ type: 'instance.restart', how }],
})
const notYet = (what: string, change: Partial<Instance>): Case => ({
  title: `a guest that ${what} is looked at again`,
  state: CONFIRMING,
  message: read(marked(change)),
  effects: [lookLater],
})

testSteps(instanceRestart(ORDER, RULES), [
  {
    title: 'a restart begins with a look',
    state: IDLE,
    message: { type: 'restart.begin' },
    next: DECIDING,
    effects: [{ type: 'instance.read' }],
  },
  ordered('active', 'hard-reboot'),
  ordered('error', 'hard-reboot'),
  ordered('stopped', 'start'),
  {
    title: 'a guest that is paused is left to its owner',
    state: DECIDING,
    message: read(marked({ vmState: 'paused' })),
    next: FINISHED,
    effects: reply('ignored', 'the instance is paused: left to its owner'),
  },
  {
    title: 'a guest that is gone needs nothing',
    state: DECIDING,
    message: read(undefined),
    next: FINISHED,
    effects: reply('ignored', 'the instance does not exist any more'),
  },
  {
    title: 'a guest that its owner did not mark is left alone',
    state: DECIDING,
    message: read(instanceRow()),
    next: FINISHED,
    effects: reply('finished', 'nothing to do: HA_Enabled is not set'),
  },
  {
    title: 'an ordered restart is watched until a deadline',
    state: ORDERING,
    message: { type: 'restart.ordered' },
    next: CONFIRMING,
    effects: [
      lookLater,
      timer<RestartMessage>('deadline', 60_000, { type: 'restart.deadline-passed' }),
    ],
  },
  {
    title: 'a look that is due is taken',
    state: CONFIRMING,
    message: { type: 'restart.look-due' },
    effects: [{ type: 'instance.read' }],
  },
  notYet('is still working', { taskState: 'rebooting_hard' }),
  notYet('has no power', { powerState: 4 }),
  notYet('is in error', { vmState: 'error' }),
  {
    title: 'a guest that runs again is the success',
    state: CONFIRMING,
    message: read(marked()),
    next: FINISHED,
    effects: reply('finished', 'the instance runs again'),
  },
  {
    title: 'a guest that is deleted meanwhile needs nothing more',
    state: CONFIRMING,
    message: read(undefined),
    next: FINISHED,
    effects: reply('ignored', 'the instance was deleted meanwhile'),
  },
  {
    title: 'a guest that does not run in time is an error',
    state: CONFIRMING,
    message: { type: 'restart.deadline-passed' },
    next: FINISHED,
    effects: reply('error', 'Nova does not show it running after 60000 ms'),
  },
  {
    title: 'a restart that is hindered is an error, to be tried again',
    state: ORDERING,
    message: { type: 'restart.hindered', reason: 'Nova is away' },
    next: FINISHED,
    effects: reply('error', 'Nova is away'),
  },
  {
    title: 'a restart that has ended hears nothing more',
    state: FINISHED,
    message: { type: 'restart.hindered', reason: 'late' },
  },
])

testSteps(instanceRestart(ORDER, { ...RULES, processAll: true }), [
  {
    title: 'a guest that its owner did not mark is restarted when all are',
    state: DECIDING,
    message: read(instanceRow()),
    next: ORDERING,
    effects: [{ type: 'instance.restart', how: 'hard-reboot' }],
  },
])
