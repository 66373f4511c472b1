/**
 * The service of a dead nova-compute is disabled once, and a service that others disabled is not
 * touched.
 */
import { tell, type KernelEffect, type Tell } from '../../../actors/kernel/behaviour.ts'
import { refOf } from '../../../actors/registry.ts'
import type { ComputeService } from '../../../actors/ports/compute.ts'
import {
  processRecovery,
  type ProcessRecoveryEffect,
  type ProcessRecoveryMessage,
  type ProcessRecoveryState,
} from '../../../actors/process-recovery/process-recovery.ts'
import { H1, N1, ONE, serviceRow } from '../records.ts'
import { testSteps, timer, type Row } from '../step-table.ts'

const RULES = { disableReason: 'it died', retryMs: 17_000, blocksMax: 2 }
const ORDER = {
  notification: N1,
  host: H1,
  hostName: ONE,
  replyTo: refOf('recovery', N1),
} as const

const READING: ProcessRecoveryState = { kind: 'reading', timesBlocked: 1 }
const DISABLING: ProcessRecoveryState = { kind: 'disabling', timesBlocked: 1 }
const BLOCKED: ProcessRecoveryState = { kind: 'blocked', timesBlocked: 2 }
const NOTING: ProcessRecoveryState = { kind: 'noting' }
const FINISHED: ProcessRecoveryState = { kind: 'finished' }

const read = (service: ComputeService | undefined): ProcessRecoveryMessage => ({
  type: 'process.read',
  service,
})
const reply = (status: 'finished' | 'ignored' | 'error', reason: string): readonly Tell[] => [
  tell(ORDER.replyTo, { type: 'fault.concluded', notification: N1, status, reason }),
]
const givenWay = (reason: string): readonly Tell[] => [
  tell(ORDER.replyTo, { type: 'fault.forbidden', notification: N1, reason }),
]
const blocked: ProcessRecoveryMessage = { type: 'process.blocked', reason: 'Nova is away' }
const READ = { type: 'service.read' } as const

const ROWS: readonly Row<
  ProcessRecoveryState,
  ProcessRecoveryMessage,
  ProcessRecoveryEffect | KernelEffect<ProcessRecoveryMessage>
>[] = [
  {
    title: 'it begins with reading the service',
    state: { kind: 'idle' },
    message: { type: 'process.begin' },
    next: { kind: 'reading', timesBlocked: 0 },
    effects: [READ],
  },
  {
    title: 'a service that is enabled is disabled',
    state: READING,
    message: read(serviceRow()),
    next: DISABLING,
    effects: [{ type: 'service.disable', service: 'service-1' }],
  },
  {
    title: 'the order is confirmed',
    state: DISABLING,
    message: { type: 'process.disabled' },
    next: READING,
    effects: [READ],
  },
  {
    title: 'a service that we have disabled is noted, under any leader',
    state: READING,
    message: read(serviceRow({ disabled: true, disabledReason: 'it died' })),
    next: NOTING,
    effects: [{ type: 'outcome.note' }],
  },
  {
    title: 'the recovery ends after the line in the journal',
    state: NOTING,
    message: { type: 'process.noted' },
    next: FINISHED,
    effects: reply('finished', 'nova-compute is disabled until it beats again'),
  },
  {
    title: 'a service that others disabled is not touched',
    state: READING,
    message: read(serviceRow({ disabled: true, disabledReason: 'mine' })),
    next: FINISHED,
    effects: reply('finished', 'nothing to do: somebody else keeps nova-compute disabled'),
  },
  {
    title: 'a host without a service needs nothing',
    state: READING,
    message: read(undefined),
    next: FINISHED,
    effects: reply('ignored', 'Nova has no compute service on it'),
  },
  {
    title: 'after a hindrance it tries again later',
    state: DISABLING,
    message: blocked,
    next: BLOCKED,
    effects: [timer<ProcessRecoveryMessage>('look', 17_000, { type: 'process.look-due' })],
  },
  {
    title: 'a reading after it was blocked keeps the count',
    state: BLOCKED,
    message: { type: 'process.look-due' },
    next: { kind: 'reading', timesBlocked: 2 },
    effects: [READ],
  },
  {
    title: 'it is an error, to be tried again, when it is blocked too often',
    state: { kind: 'reading', timesBlocked: 2 },
    message: blocked,
    next: FINISHED,
    effects: reply('error', 'Nova is away'),
  },
  {
    title: 'a recovery that waits ends on an operator command',
    state: BLOCKED,
    message: { type: 'process.forbid', reason: 'paused by alice: lunch' },
    next: FINISHED,
    effects: givenWay('paused by alice: lunch'),
  },
  {
    title: 'what is being ordered is followed to its end',
    state: DISABLING,
    message: { type: 'process.forbid', reason: 'paused by alice: lunch' },
  },
  {
    title: 'an order that the store forbids ends the attempt, and counts as no hindrance',
    state: DISABLING,
    message: { type: 'process.forbidden', reason: 'paused by alice: lunch' },
    next: FINISHED,
    effects: givenWay('paused by alice: lunch'),
  },
]

testSteps(processRecovery(ORDER, RULES), ROWS)
