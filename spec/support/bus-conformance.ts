/** The promises of every BusPort: registers the tests for one kind of bus. */
import type { TestFn } from 'ava'
import * as fc from 'fast-check'
import type { BusMessage, FaultDelivery } from '../../actors/ports/bus.ts'
import { inForce, type BusOpener } from './bus-world.ts'
import { faultConformance } from './fault-conformance.ts'
import { coversByReference, patternTokens, subjectTokens } from './wildcards.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = ({ body }: BusMessage): string => new TextDecoder().decode(body)

/** Registers the tests. */
export function busConformance(test: TestFn, opener: BusOpener): void {
  const { open, openFragile } = opener
  faultConformance(test, opener)

  test('messages of one sender arrive in order, bytes unchanged', async (t) => {
    await using world = await open()
    const [sender, receiver] = [await world.join('sender'), await world.join('receiver')]
    const received: BusMessage[] = []
    await using _subscription = receiver.bus.subscribe(`ha.${world.cloud}.x`, (message) =>
      received.push(message),
    )
    await inForce(world, receiver)
    const bodies = Array.from({ length: 1000 }, (_, n) => Uint8Array.of(n & 255, n >> 8, 0, 255))
    for (const body of bodies) sender.bus.publish(`ha.${world.cloud}.x`, body)
    await world.until(() => received.length === 1000, 'all messages have arrived')
    t.deepEqual(
      received.map((message) => [...message.body]),
      bodies.map((body) => [...body]),
    )
    t.is(received[0]?.subject, `ha.${world.cloud}.x`)
  })

  test('publishing returns before any handler is called', async (t) => {
    await using world = await open()
    const { bus } = await world.join('node')
    const steps: string[] = []
    await using _subscription = bus.subscribe(`ha.${world.cloud}.x`, () => steps.push('handled'))
    bus.publish(`ha.${world.cloud}.x`, bytes('1'))
    steps.push('published')
    await world.until(() => steps.length === 2, 'the message has arrived')
    t.deepEqual(steps, ['published', 'handled'])
  })

  test('subscription that has ended gets no more messages, and others continue', async (t) => {
    await using world = await open()
    const node = await world.join('node')
    const seen: string[] = []
    const ended = node.bus.subscribe(`ha.${world.cloud}.x`, (m) => seen.push(`ended ${textOf(m)}`))
    await using _other = node.bus.subscribe(`ha.${world.cloud}.>`, (message) =>
      seen.push(`other ${textOf(message)}`),
    )
    node.bus.publish(`ha.${world.cloud}.x`, bytes('1'))
    await world.until(() => seen.length === 2, 'both have it')
    await ended[Symbol.asyncDispose]()
    await ended[Symbol.asyncDispose]()
    node.bus.publish(`ha.${world.cloud}.x`, bytes('2'))
    await world.until(() => seen.includes('other 2'), 'the other has it')
    t.deepEqual(seen.toSorted(), ['ended 1', 'other 1', 'other 2'])
  })

  test('when one handler throws, the others still get the message', async (t) => {
    await using world = await open()
    const { bus } = await world.join('node')
    const seen: string[] = []
    await using _broken = bus.subscribe(`ha.${world.cloud}.x`, () => {
      throw new Error('a handler is broken')
    })
    await using _sound = bus.subscribe(`ha.${world.cloud}.x`, (m) => seen.push(textOf(m)))
    bus.publish(`ha.${world.cloud}.x`, bytes('1'))
    bus.publish(`ha.${world.cloud}.x`, bytes('2'))
    await world.until(() => seen.length === 2, 'the sound handler has both')
    t.deepEqual(seen, ['1', '2'])
  })

  test('wildcards match the same subjects as a regular expression', async (t) => {
    await using world = await open()
    const node = await world.join('node')
    const patterns = fc.sample(patternTokens, { numRuns: 60, seed: 7 })
    const subjects = fc.sample(subjectTokens, { numRuns: 150, seed: 7 })
    const counts = patterns.map(() => 0)
    await using subscriptions = new AsyncDisposableStack()
    for (const [index, pattern] of patterns.entries()) {
      const full = [`w${world.cloud}`, ...pattern].join('.')
      const count = (): void => {
        counts[index] = (counts[index] ?? 0) + 1
      }
      subscriptions.use(node.bus.subscribe(full, count))
    }
    await inForce(world, node)
    for (const subject of subjects) {
      node.bus.publish([`w${world.cloud}`, ...subject].join('.'), new Uint8Array())
    }
    await inForce(world, node) // in force after everything before it on the same connection
    const expected = patterns.map(
      (pattern) => subjects.filter((subject) => coversByReference(pattern, subject)).length,
    )
    t.deepEqual(counts, expected)
    t.true(expected.some((count) => count > 0))
  })

  test('after an outage, subscriptions and consumers work again by themselves', async (t) => {
    await using world = await openFragile()
    const [sender, receiver] = [await world.join('sender'), await world.join('receiver')]
    const seen: string[] = []
    const faults: FaultDelivery[] = []
    await using _subscription = receiver.bus.subscribe(`ha.${world.cloud}.x`, (message) =>
      seen.push(textOf(message)),
    )
    await using _consumer = receiver.bus.consumeFaults('engine', (fault) => {
      fault.ack()
      faults.push(fault)
    })
    await world.beginOutage()
    await world.until(() => !sender.bus.connected(), 'the outage is noticed')
    await world.until(() => !receiver.bus.connected(), 'the outage is noticed')
    sender.bus.publish(`ha.${world.cloud}.x`, bytes('lost'))
    await world.endOutage()
    await world.until(() => sender.bus.connected() && receiver.bus.connected(), 'it is over')
    await inForce(world, receiver)
    sender.bus.publish(`ha.${world.cloud}.x`, bytes('arrives'))
    await world.outcome(
      sender.bus.publishFault(`ha.${world.cloud}.fault.a`, bytes('fault'), 'id-1'),
    )
    await world.until(() => seen.length > 0 && faults.length > 0, 'both have arrived')
    t.deepEqual(seen, ['arrives'])
    t.deepEqual(faults.map(textOf), ['fault'])
  })
}
