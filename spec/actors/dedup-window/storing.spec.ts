/** What the intake does with faults that are delivered to it: pure. */
import test from 'ava'
import {
  intake,
  LISTENING,
  type BegunRecovery,
  type IntakeEffect,
  type IntakeMessage,
  type StoringOutcome,
} from '../../../actors/dedup-window/intake.ts'
import type { Tell } from '../../../actors/kernel/behaviour.ts'
import type { FaultDelivery } from '../../../actors/ports/bus.ts'
import { hostName, notificationId } from '../../../schema/ids.ts'
import { notificationRow } from '../records.ts'

const ONE = hostName('compute-1')

const RECEIVED = {
  id: 'm',
  sender: 'guests',
  incarnation: 'i',
  sequence: 1,
  epoch: null,
  sentAt: 0,
  trace: null,
}

const delivered = (
  instance: string,
): IntakeMessage & { readonly type: 'intake.fault-delivered' } => {
  const delivery: FaultDelivery = {
    subject: 'ha.sim.fault',
    body: new Uint8Array(),
    deliveries: 1,
    ack: () => {},
    retry: () => {},
  }
  const body = {
    instance,
    hostName: ONE,
    event: 'LIFECYCLE',
    domainEvent: 'STOPPED_FAILED',
    evidence: [],
  }
  return {
    type: 'intake.fault-delivered',
    delivery,
    received: { ...RECEIVED, type: 'guest.failed', body },
  }
}

const deliveries = (effect: IntakeEffect | Tell | undefined): readonly FaultDelivery[] =>
  effect?.type === 'faults.store' ? effect.faults.map(({ delivery }) => delivery) : []

const stored = ({ delivery }: { readonly delivery: FaultDelivery }, begun?: BegunRecovery) =>
  ({ kind: 'stored', delivery, begun }) as const

const toldAfter = (...outcomes: readonly StoringOutcome[]): readonly Tell['message'][] =>
  intake(LISTENING, { type: 'intake.faults-handled', outcomes })[1].flatMap((effect) =>
    effect.type === 'tell' ? [effect.message] : [],
  )

test('new recoveries are told at once, and only what else was stored is looked for', (t) => {
  const [first, second] = [delivered('one'), delivered('two')]
  const begun: BegunRecovery = {
    recovery: {
      notification: notificationRow({ type: 'VM' }),
      host: undefined,
      control: { kind: 'running' },
      commandCount: 0,
    },
    observations: [],
  }
  t.deepEqual(toldAfter(stored(first, begun)), [{ type: 'window.began', begun: [begun] }])
  t.deepEqual(toldAfter(stored(first, begun), stored(second)), [
    { type: 'window.began', begun: [begun] },
    { type: 'window.notified' },
  ])
})

test('while faults are stored, others wait, and are stored together in their order', (t) => {
  const [first, second, third] = [delivered('one'), delivered('two'), delivered('three')]
  const [storing, effects] = intake(LISTENING, first)
  t.deepEqual(deliveries(effects[0]), [first.delivery])
  const [waiting, none] = intake(storing, second)
  const [more, neither] = intake(waiting, third)
  t.deepEqual([...none, ...neither], [])
  const [next, after] = intake(more, {
    type: 'intake.faults-handled',
    outcomes: [stored(first)],
  })
  t.deepEqual(
    after.map(({ type }) => type),
    ['fault.acknowledge', 'tell', 'faults.store'],
  )
  t.deepEqual(deliveries(after[2]), [second.delivery, third.delivery])
  const [done, last] = intake(next, {
    type: 'intake.faults-handled',
    outcomes: [stored(second), stored(third)],
  })
  t.deepEqual(done, LISTENING)
  t.deepEqual(
    last.map(({ type }) => type),
    ['fault.acknowledge', 'fault.acknowledge', 'tell'],
  )
})

test('a fault that could not be stored is handed back, not acknowledged, and those after it have their turn', (t) => {
  const [first, second] = [delivered('one'), delivered('two')]
  const [storing] = intake(LISTENING, first)
  const [waiting] = intake(storing, second)
  const { delivery } = first
  const failed = { kind: 'not-stored', delivery, reason: 'away', isRefused: false } as const
  const [, effects] = intake(waiting, { type: 'intake.faults-handled', outcomes: [failed] })
  t.like(effects[0], { type: 'fault.hand-back', delivery, afterMs: 1000, reason: 'away' })
  t.deepEqual(deliveries(effects[1]), [second.delivery])
})

test('a fault that the working store refuses again and again is parked, and one of an absent store never', (t) => {
  const { delivery } = delivered('one')
  const [storing] = intake(LISTENING, delivered('one'))
  const refusedAt = (times: number, isRefused: boolean) => {
    const outcome = { kind: 'not-stored', reason: 'too long', isRefused } as const
    const refused = { ...outcome, delivery: { ...delivery, deliveries: times } }
    const [, effects] = intake(storing, { type: 'intake.faults-handled', outcomes: [refused] })
    return effects.map(({ type }) => type)
  }
  t.deepEqual(refusedAt(4, true), ['fault.hand-back'])
  t.deepEqual(refusedAt(5, true), ['fault.park'])
  t.deepEqual(refusedAt(5000, false), ['fault.hand-back'])
})

test('what is delivered as a fault and is none is acknowledged, and stored never', (t) => {
  const { delivery } = delivered('one')
  const message = { type: 'intake.fault-delivered', delivery, received: undefined } as const
  t.deepEqual(intake(LISTENING, message), [LISTENING, [{ type: 'fault.acknowledge', delivery }]])
})

test('the trace of a reported fault becomes the uuid of its notification', (t) => {
  const sent = delivered('one')
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const uuids = [trace, null, 'other'].map((each) => {
    const received = sent.received && { ...sent.received, trace: each }
    const [, [effect]] = intake(LISTENING, { ...sent, received })
    return effect?.type === 'faults.store' ? effect.faults[0]?.report.uuid : 'none'
  })
  t.deepEqual(uuids, [notificationId('4bf92f35-77b3-4da6-a3ce-929d0e0e4736'), undefined, undefined])
})
