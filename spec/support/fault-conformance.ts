/** The promises of every fault stream: registers the tests for one kind of bus. */
import type { TestFn } from 'ava'
import type { BusPort, FaultDelivery } from '../../actors/ports/bus.ts'
import type { BusOpener, BusWorld } from './bus-world.ts'

const IN_FLIGHT_MAX = 256

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textsOf = (faults: readonly FaultDelivery[]): readonly string[] =>
  faults.map(({ body }) => new TextDecoder().decode(body))

/** Publishes texts as faults, each with its own message id, and waits until they are stored. */
async function publishAll(world: BusWorld, bus: BusPort, texts: readonly string[]): Promise<void> {
  const subject = `ha.${world.cloud}.fault.guest.x`
  const all = texts.map((text) => bus.publishFault(subject, bytes(text), `id-${text}`))
  await world.outcome(Promise.all(all))
}

/** Registers the tests. */
export function faultConformance(test: TestFn, { open, openFragile }: BusOpener): void {
  test('fault waits for a consumer that comes later', async (t) => {
    await using world = await open()
    const { bus } = await world.join('node')
    await publishAll(world, bus, ['a', 'b'])
    const faults: FaultDelivery[] = []
    await using _consumer = bus.consumeFaults('engine', (fault) => faults.push(fault))
    await world.until(() => faults.length === 2, 'both have come')
    t.deepEqual(textsOf(faults), ['a', 'b'])
    t.deepEqual(
      faults.map(({ subject, deliveries }) => [subject, deliveries]),
      Array.from({ length: 2 }, () => [`ha.${world.cloud}.fault.guest.x`, 1]),
    )
  })

  test('faults with equal message ids are stored once', async (t) => {
    await using world = await open()
    const [one, two] = [await world.join('one'), await world.join('two')]
    const faults: FaultDelivery[] = []
    await using _consumer = one.bus.consumeFaults('engine', (fault) => faults.push(fault))
    await publishAll(world, one.bus, ['a', 'a'])
    await publishAll(world, two.bus, ['a', 'b'])
    await world.until(() => textsOf(faults).includes('b'), 'the last one has come')
    t.deepEqual(textsOf(faults), ['a', 'b'])
  })

  test('every durable consumer gets every fault', async (t) => {
    await using world = await open()
    const { bus } = await world.join('node')
    const [engine, audit]: [FaultDelivery[], FaultDelivery[]] = [[], []]
    await using _engine = bus.consumeFaults('engine', (fault) => {
      engine.push(fault)
      fault.ack()
    })
    await publishAll(world, bus, ['a', 'b', 'c'])
    await world.until(() => engine.length === 3, 'the first has all')
    await using _audit = bus.consumeFaults('audit', (fault) => audit.push(fault))
    await world.until(() => audit.length === 3, 'the second has all')
    t.deepEqual(textsOf(audit), ['a', 'b', 'c'])
  })

  test('processes of one durable consumer share the faults', async (t) => {
    await using world = await open()
    const [one, two] = [await world.join('one'), await world.join('two')]
    const texts = Array.from({ length: 40 }, (_, index) => `f${index}`)
    const all: FaultDelivery[] = []
    const take = (fault: FaultDelivery): void => {
      all.push(fault)
      fault.ack()
    }
    await using _one = one.bus.consumeFaults('engine', take)
    await using _two = two.bus.consumeFaults('engine', take)
    await publishAll(world, one.bus, texts)
    await world.until(() => all.length >= texts.length, 'all have come')
    t.deepEqual(textsOf(all).toSorted(), texts.toSorted())
  })

  test('fault is delivered again on request, with a count, until it is acknowledged', async (t) => {
    await using world = await open()
    const { bus } = await world.join('node')
    const counts: number[] = []
    const later: string[] = []
    await using _consumer = bus.consumeFaults('engine', (fault) => {
      if (new TextDecoder().decode(fault.body) === 'last') {
        later.push('last')
        fault.ack()
        return
      }
      counts.push(fault.deliveries)
      if (fault.deliveries < 3) fault.retry(50)
      else fault.ack()
    })
    await publishAll(world, bus, ['a'])
    await world.until(() => counts.length === 3, 'it came three times')
    await publishAll(world, bus, ['last'])
    await world.until(() => later.length === 1, 'the last has come')
    t.deepEqual(counts, [1, 2, 3])
  })

  test('when a consumer ends, the next one of its name gets its faults', async (t) => {
    await using world = await open()
    const [one, two] = [await world.join('one'), await world.join('two')]
    const first: FaultDelivery[] = []
    const second: FaultDelivery[] = []
    const consumer = one.bus.consumeFaults('engine', (fault) => first.push(fault))
    await publishAll(world, one.bus, ['a'])
    await world.until(() => first.length === 1, 'it has come')
    for (const fault of first) fault.retry(0)
    await consumer[Symbol.asyncDispose]()
    await publishAll(world, one.bus, ['b'])
    await using _next = two.bus.consumeFaults('engine', (fault) => {
      second.push(fault)
      fault.ack()
    })
    await world.until(() => second.length + first.length >= 3, 'the rest has come')
    t.true(textsOf(second).includes('b'))
    t.is([...first, ...second].filter(({ deliveries }) => deliveries === 2).length, 1)
  })

  test('handler never gets more unacknowledged faults than the bound', async (t) => {
    await using world = await open()
    const { bus } = await world.join('node')
    const extra = 10
    const texts = Array.from({ length: IN_FLIGHT_MAX + extra }, (_, index) => `f${index}`)
    await publishAll(world, bus, texts)
    const faults: FaultDelivery[] = []
    await using _consumer = bus.consumeFaults('engine', (fault) => faults.push(fault))
    await world.until(() => faults.length === IN_FLIGHT_MAX, 'as many as may be in flight')
    const [oldest, ...others] = faults.splice(0)
    oldest?.ack()
    await world.until(() => faults.length === 1, 'one acknowledgement made room for one')
    for (const fault of others) fault.ack()
    await world.until(() => faults.length === extra, 'the others have come')
    t.deepEqual(textsOf(faults), texts.slice(IN_FLIGHT_MAX))
  })

  test('fault that cannot be stored is refused in time, and can be published again', async (t) => {
    await using world = await openFragile()
    const { bus } = await world.join('node')
    await world.beginOutage()
    await world.until(() => !bus.connected(), 'the outage is noticed')
    const before = world.elapsedMs()
    const refused = publishAll(world, bus, ['a'])
    await t.throwsAsync(refused, { code: 'BUS_UNAVAILABLE' })
    t.true(world.elapsedMs() - before < 4500)
    await world.endOutage()
    await world.until(() => bus.connected(), 'it is over')
    await publishAll(world, bus, ['a'])
    const faults: FaultDelivery[] = []
    await using _consumer = bus.consumeFaults('engine', (fault) => faults.push(fault))
    await world.until(() => faults.length > 0, 'it has come')
    t.deepEqual(textsOf(faults), ['a'])
  })

  test('no unacknowledged fault is lost in an outage', async (t) => {
    await using world = await openFragile()
    const { bus } = await world.join('node')
    const texts = Array.from({ length: 20 }, (_, index) => `f${index}`)
    await publishAll(world, bus, texts)
    const seen = new Set<string>()
    const held: FaultDelivery[] = []
    const consumer = bus.consumeFaults('engine', (fault) => held.push(fault))
    await world.until(() => held.length === texts.length, 'all have come')
    for (const fault of held.slice(0, 5)) fault.ack()
    for (const fault of held.slice(5, 10)) fault.retry(0)
    await consumer[Symbol.asyncDispose]()
    await world.beginOutage()
    await world.until(() => !bus.connected(), 'the outage is noticed')
    await world.endOutage()
    await world.until(() => bus.connected(), 'it is over')
    for (const fault of held.slice(10)) fault.retry(0)
    await using _next = bus.consumeFaults('engine', (fault) => {
      for (const text of textsOf([fault])) seen.add(text)
      fault.ack()
    })
    await world.until(() => seen.size >= 15, 'the unacknowledged ones have come again')
    t.true(texts.slice(5).every((text) => seen.has(text)))
  })
}
