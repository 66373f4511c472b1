/** Messages that cannot be decoded are shown to operators, but a flood of them is only counted. */
import test from 'ava'
import { Parking, SHOWN_MAX } from '../../../actors/dedup-window/parking.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { MemoryBroker } from '../../../transports/memory/broker.ts'
import { recordingLog } from '../../support/logs.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const BYTES = new TextEncoder().encode('{"version": 1}')

function parkingOf() {
  const clock = new VirtualClock()
  const log = recordingLog()
  const bus = new MemoryBroker({ clock, log, leaseTtlMs: 6000 }).bus('engine-1')
  const parked: string[] = []
  bus.subscribe('ha.sim.parked.>', ({ subject }) => void parked.push(subject))
  const counted = { count: 0, newer: 0 }
  const countParked = (): void => {
    counted.count += 1
  }
  const countNewer = (): void => {
    counted.newer += 1
  }
  const own = { cloud: 'sim', node: 'engine-1' }
  const parking = new Parking({ ...own, clock, bus, log, countParked, countNewer })
  return { clock, log, parked, counted, parking }
}

test('of a flood the first ones of a minute are shown, and all are counted', async (t) => {
  const { clock, log, parked, counted, parking } = parkingOf()
  for (let number = 0; number < 5000; number += 1) {
    t.is(parking.decode({ subject: `ha.sim.word.w${number}`, body: BYTES }), undefined)
  }
  await clock.pass(10, settle)
  t.is(counted.count, 5000)
  t.is(parked.length, SHOWN_MAX)
  t.is(log.lines.length, SHOWN_MAX)
  await clock.pass(60_000, settle)
  parking.decode({ subject: 'ha.sim.word.again', body: BYTES })
  await clock.pass(10, settle)
  t.is(parked.length, SHOWN_MAX + 1)
})

test('a subject of any length is parked under one that the server takes', async (t) => {
  const { clock, parked, parking } = parkingOf()
  parking.decode({ subject: `ha.sim.word.${'ü'.repeat(2000)}`, body: BYTES })
  await clock.pass(10, settle)
  t.is(parked.length, 1)
  t.true((parked[0] ?? '').length < 2000, `${parked[0]?.length} characters`)
})

const NEWER = [
  { version: 2 },
  {
    version: 1,
    type: 'host.dreamt',
    id: 'a',
    sender: 'engine-9',
    incarnation: 'b',
    sequence: 1,
    epoch: null,
    sentAt: 1,
    trace: null,
    body: {},
    mood: 'new', // a field that this version does not know
  },
].map((message) => new TextEncoder().encode(JSON.stringify(message)))

test('what a newer version sends is counted on its own, and is not parked', async (t) => {
  const { clock, parked, counted, parking } = parkingOf()
  for (const body of NEWER) t.is(parking.decode({ subject: 'ha.sim.word', body }), undefined)
  await clock.pass(10, settle)
  t.deepEqual(counted, { count: 0, newer: 2 })
  t.deepEqual(parked, [])
})

test('a fault of a newer version is delivered again for an hour, and parked then', async (t) => {
  const { clock, counted, parking } = parkingOf()
  const verdicts: string[] = []
  const [, body = BYTES] = NEWER
  for (let deliveries = 1; deliveries <= 120; deliveries += 1) {
    const outcome = parking.decodeFault({
      subject: 'ha.sim.fault.guest.a',
      body,
      deliveries,
      ack: () => void verdicts.push('ack'),
      retry: (afterMs) => void verdicts.push(`retry after ${afterMs}`),
    })
    t.is(outcome, deliveries < 120 ? 'waits' : undefined)
    await clock.pass(30_000, settle)
  }
  t.is(verdicts.length, 119)
  t.is(verdicts[0], 'retry after 30000')
  t.deepEqual(counted, { count: 1, newer: 120 })
})

test('a flood of such faults leaves room for others: all but the first of a minute are parked', (t) => {
  const { counted, parking } = parkingOf()
  const [, body = BYTES] = NEWER
  const delivery = { subject: 'ha.sim.fault.guest.a', body, deliveries: 1 }
  const outcomes = Array.from({ length: 1000 }, () =>
    parking.decodeFault({ ...delivery, ack: () => {}, retry: () => {} }),
  )
  t.is(outcomes.filter((outcome) => outcome === 'waits').length, 64)
  t.is(counted.count, 936)
})
