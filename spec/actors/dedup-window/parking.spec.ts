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
  const counted = { count: 0 }
  const countParked = (): void => {
    counted.count += 1
  }
  const parking = new Parking({ cloud: 'sim', node: 'engine-1', clock, bus, log, countParked })
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
