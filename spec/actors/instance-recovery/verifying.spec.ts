/**
 * A report about a guest that Nova shows as running is believed only when its hypervisor does not
 * refute it.
 */
import test from 'ava'
import { instanceRecovery } from '../../../actors/instance-recovery/instance-recovery.ts'
import { refutation, type GuestFault } from '../../../actors/instance-recovery/refutation.ts'
import type { GuestDiagnostics } from '../../../actors/ports/compute.ts'
import { testSteps } from '../step-table.ts'
import { FINISHED, ORDER, RULES, givenWay, ordering, reply, verifying } from './examining.ts'
import { examined, marked, ordered } from './guests.ts'

testSteps(instanceRecovery(ORDER, RULES), [
  {
    title: 'a report that the hypervisor does not refute is acted on',
    state: verifying('hard-reboot'),
    message: { type: 'instance.verified', refutation: undefined },
    next: ordering('hard-reboot'),
    effects: [{ type: 'instance.restart', rung: 'hard-reboot' }],
  },
  {
    title: 'a report that the hypervisor refutes ends the recovery with the reason',
    state: verifying('hard-reboot'),
    message: { type: 'instance.verified', refutation: 'it runs' },
    next: FINISHED,
    effects: reply('ignored', 'it is left alone: it runs'),
  },
  {
    title: 'an operator may stop the recovery while the hypervisor is asked',
    state: verifying('hard-reboot'),
    message: { type: 'instance.forbid', reason: 'paused' },
    next: FINISHED,
    effects: givenWay('paused'),
  },
  {
    title: 'a hypervisor that does not answer is asked later',
    state: verifying('hard-reboot'),
    message: { type: 'instance.blocked', reason: 'Nova is away' },
    next: { kind: 'blocked', timesBlocked: 2 },
    effects: [
      {
        type: 'timer.start',
        name: 'look',
        afterMs: 17_000,
        message: { type: 'instance.look-due' },
      },
    ],
  },
  {
    title: 'after an order, the report is not verified again',
    state: { kind: 'examining', timesBlocked: 1 },
    message: examined(marked(), { orders: [ordered('hard-reboot', 50_000)] }),
    next: ordering('hard-reboot'),
    effects: [{ type: 'instance.restart', rung: 'hard-reboot' }],
  },
])

const guest = (change: Partial<GuestDiagnostics> = {}): GuestDiagnostics => ({
  state: 'running',
  packetsSent: 10,
  writesDone: 10,
  ...change,
})
const FAULTS: readonly GuestFault[] = ['stopped', 'hung', 'io-error']
const refuted = (after: GuestDiagnostics): readonly GuestFault[] =>
  FAULTS.filter((fault) => refutation(fault, guest(), after) !== undefined)

test('a running guest has not stopped; its activity shows whether it hangs', (t) => {
  t.deepEqual(refuted(guest()), ['stopped'])
  t.deepEqual(refuted(guest({ packetsSent: 11 })), ['stopped', 'hung'])
  t.deepEqual(refuted(guest({ writesDone: 11 })), FAULTS)
  t.deepEqual(refuted(guest({ packetsSent: 0, writesDone: 0 })), ['stopped'])
})

test('a guest that stopped between two readings refutes nothing', (t) => {
  t.deepEqual(refuted(guest({ state: 'crashed', writesDone: 11 })), [])
  t.deepEqual(refuted(guest({ state: 'paused', packetsSent: 11 })), [])
})

test('the reason says what the guest has done', (t) => {
  const reason = refutation('hung', guest(), guest({ packetsSent: 12, writesDone: 13 }))
  t.is(reason, 'it is reported as hung, and it has sent 2 packets and finished 3 writes in 5 s')
})
