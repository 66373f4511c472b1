/** What a simulator can do to the in-process bus, and what stays true meanwhile. */
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { MemoryBroker } from '../../../transports/memory/broker.ts'
import type { Disturb } from '../../../transports/memory/wires.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { SeededRandom } from '../../../transports/simulated/random.ts'
import { silentLog } from '../../support/logs.ts'

const settle = (): Promise<void> => setImmediate()

function cloud(disturb: Disturb): { readonly clock: VirtualClock; readonly broker: MemoryBroker } {
  const clock = new VirtualClock()
  return { clock, broker: new MemoryBroker({ clock, log: silentLog, leaseTtlMs: 6000, disturb }) }
}

const numbers = (bodies: readonly Uint8Array[]): readonly number[] =>
  bodies.map(([first]) => first ?? -1)

test('delayed messages do not overtake each other, and doubled ones arrive twice', async (t) => {
  const random = new SeededRandom(1)
  const { clock, broker } = cloud(({ subject }) =>
    subject === 'doubled' ? [0, 5] : [Math.floor(random.next() * 100)],
  )
  const seen: Uint8Array[] = []
  const doubled: number[] = []
  broker.bus('b').subscribe('delayed', ({ body }) => seen.push(body))
  broker.bus('b').subscribe('doubled', () => doubled.push(clock.monotonicMs()))
  const sent = Array.from({ length: 50 }, (_, index) => index)
  for (const index of sent) broker.bus('a').publish('delayed', Uint8Array.of(index))
  await clock.pass(200, settle)
  t.deepEqual(numbers(seen), sent)
  broker.bus('a').publish('doubled', Uint8Array.of(0))
  await clock.pass(200, settle)
  t.deepEqual(doubled, [200, 205])
})

test('a partitioned node reaches no other node, and the others continue', async (t) => {
  const { clock, broker } = cloud(({ from, to }) => (from === 'cut' || to === 'cut' ? [] : [0]))
  const [cut, sound] = [broker.bus('cut'), broker.bus('sound')]
  const seen: string[] = []
  cut.subscribe('>', () => seen.push('cut'))
  sound.subscribe('>', () => seen.push('sound'))
  cut.publish('x', new Uint8Array())
  sound.publish('x', new Uint8Array())
  t.false(cut.connected())
  t.true(sound.connected())
  const refused = t.throwsAsync(cut.publishFault('f', new Uint8Array(), 'id'), {
    code: 'BUS_UNAVAILABLE',
  })
  const leaseless = t.throwsAsync(broker.lease('cut').create('cut'), { code: 'LEASE_UNAVAILABLE' })
  await clock.pass(10_000, settle)
  await Promise.all([refused, leaseless])
  t.deepEqual(seen, ['sound'])
  t.is(await broker.lease('sound').create('sound'), 1)
})

test('a fault whose delivery or acknowledgement was lost is delivered again after half a minute', async (t) => {
  const fates = ['delivery lost', 'delivered', 'acknowledgement lost']
  const { clock, broker } = cloud(({ from, to }) => {
    const fate = to === 'engine' || from === 'engine' ? fates.shift() : undefined
    return fate?.endsWith('lost') === true ? [] : [0]
  })
  const handled: (readonly [at: number, deliveries: number])[] = []
  broker.bus('engine').consumeFaults('engine', (fault) => {
    handled.push([clock.monotonicMs(), fault.deliveries])
    fault.ack()
  })
  await broker.bus('gateway').publishFault('f', new Uint8Array(), 'id')
  await clock.pass(200_000, settle)
  t.deepEqual(handled, [
    [30_000, 2],
    [60_000, 3],
  ])
})

test('full fault log drops acknowledged faults, and refuses further ones', async (t) => {
  const clock = new VirtualClock()
  const broker = new MemoryBroker({ clock, log: silentLog, leaseTtlMs: 6000 })
  const bus = broker.bus('node')
  let count = 0
  const publish = (): Promise<void> => bus.publishFault('f', new Uint8Array(), `id-${count++}`)
  await Promise.all(Array.from({ length: 10_000 }, publish))
  await t.throwsAsync(publish(), { code: 'BUS_UNAVAILABLE' })
  let handled = 0
  await using _consumer = bus.consumeFaults('engine', (fault) => {
    handled += 1
    if (handled <= 5000) fault.ack()
  })
  await clock.pass(0, settle)
  await Promise.all(Array.from({ length: 5000 }, publish))
  await t.throwsAsync(publish(), { code: 'BUS_UNAVAILABLE' })
  t.is(handled, 5000 + 256)
})

test('message ids may be used again after two minutes', async (t) => {
  const { clock, broker } = cloud(() => [0])
  const bus = broker.bus('node')
  let handled = 0
  bus.consumeFaults('engine', (fault) => {
    handled += 1
    fault.ack()
  })
  for (const passMs of [0, 119_000, 1000]) {
    await clock.pass(passMs, settle)
    await bus.publishFault('f', new Uint8Array(), 'id')
  }
  await clock.pass(0, settle)
  t.is(handled, 2)
})

async function turmoil(): Promise<readonly string[]> {
  const random = new SeededRandom('run')
  const { clock, broker } = cloud(() =>
    Array.from({ length: Math.floor(random.next() * 3) }, () => Math.floor(random.next() * 50)),
  )
  const lines: string[] = []
  for (const node of ['a', 'b', 'c']) {
    broker.bus(node).subscribe('x.>', ({ subject }) => {
      lines.push(`${clock.monotonicMs()} ${node} ${subject}`)
      if (lines.length < 500) broker.bus(node).publish(`x.${node}`, new Uint8Array())
    })
  }
  broker.bus('a').publish('x.start', new Uint8Array())
  broker.bus('b').publish('x.start', new Uint8Array())
  await clock.pass(2000, settle)
  return lines
}

test('the same seed gives the same run', async (t) => {
  const first = await turmoil()
  t.true(first.length > 50)
  t.deepEqual(await turmoil(), first)
})
