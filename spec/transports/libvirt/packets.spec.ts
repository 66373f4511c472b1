/** Bytes from a socket become packets however they are cut, and nothing else becomes one. */
import test from 'ava'
import * as fc from 'fast-check'
import { readEvent } from '../../../transports/libvirt/guest-event.ts'
import { EVENTS, powerOf } from '../../../transports/libvirt/numbers.ts'
import { encodePacket, PacketReader, type Packet } from '../../../transports/libvirt/packets.ts'
import { XdrReader, XdrWriter } from '../../../transports/libvirt/xdr.ts'
import { describeDomain } from '../../../transports/libvirt/domain-description.ts'
import { isCoded } from '../../../schema/errors.ts'
import { holds } from '../../support/holds.ts'

const packetOf = (body: string): Omit<Packet, 'status'> => ({
  program: 0x20008086,
  procedure: 273,
  type: 1,
  serial: 7,
  body: new XdrWriter().string(body).bytes(),
})

const isRefusal = (error: unknown): boolean => isCoded(error, 'HYPERVISOR_UNAVAILABLE')

/** Whatever the bytes are, they are read or refused, and nothing else is thrown. */
function isReadOrRefused(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    return isRefusal(error)
  }
}

test('packets are found however the stream is cut', (t) => {
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 })
  holds(
    t,
    fc.property(
      fc.array(fc.string({ maxLength: 60 }), { maxLength: 8 }),
      cuts,
      (texts, lengths) => {
        const stream = Buffer.concat(texts.map((text) => encodePacket(packetOf(text))))
        const reader = new PacketReader()
        const read: string[] = []
        let at = 0
        for (let n = 0; at < stream.length; n += 1) {
          const length = lengths[n % lengths.length] ?? 1
          const packets = reader.push(stream.subarray(at, at + length))
          read.push(...packets.map(({ body }) => new XdrReader(body).string()))
          at += length
        }
        return JSON.stringify(read) === JSON.stringify(texts)
      },
    ),
  )
})

test('any bytes are read or refused', (t) => {
  const bytes = fc.uint8Array({ maxLength: 200 })
  const procedures = fc.constantFrom(...Object.values(EVENTS).map(({ procedure }) => procedure))
  holds(
    t,
    fc.property(bytes, procedures, (raw, procedure) => {
      const buffer = Buffer.from(raw)
      return (
        isReadOrRefused(() => new PacketReader().push(buffer)) &&
        isReadOrRefused(() => readEvent(procedure, new XdrReader(buffer))) &&
        isReadOrRefused(() => new XdrReader(buffer).optional()) &&
        isReadOrRefused(() => {
          const reader = new XdrReader(buffer)
          reader.list(() => reader.domain())
        })
      )
    }),
  )
})

for (const length of [0, 27, 5 * 1024 * 1024 + 1, 0xffffffff]) {
  test(`a packet that says it has ${length} bytes is refused before more of it is kept`, (t) => {
    const header = Buffer.alloc(28)
    header.writeUInt32BE(length, 0)
    t.true(isRefusal(t.throws(() => new PacketReader().push(header))))
  })
}

test('a list of more elements than a host has domains is refused', (t) => {
  const reader = new XdrReader(new XdrWriter().int(1_000_000).bytes())
  t.true(isRefusal(t.throws(() => reader.list(() => reader.int()))))
})

const body = (...values: readonly number[]): XdrReader => {
  const writer = new XdrWriter().int(1).domain('00000000-0000-4000-8000-000000000001')
  for (const value of values) writer.int(value)
  return new XdrReader(writer.bytes())
}

test('events and details that nobody knows have no name, and states that nobody knows mean nothing', (t) => {
  t.is(readEvent(318, body(99, 0)), undefined)
  t.is(readEvent(318, body(3, 99))?.event, 'suspended')
  t.is(readEvent(318, body(5, 99))?.event, 'stopped')
  t.is(readEvent(321, body(99)), undefined)
  t.is(readEvent(999, body()), undefined)
  t.is(powerOf(99, 0), 'off')
})

const nova = (version: string): string =>
  `<metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/${version}">`

test('an instance of Nova is known by its metadata, of any version', (t) => {
  t.true(describeDomain(nova('1.0')).isNovas)
  t.true(describeDomain(nova('1.1')).isNovas)
  t.false(describeDomain('<domain><name>instance-00000001</name></domain>').isNovas)
})

test("the agent's channel is found among others, and no name can pretend to be it", (t) => {
  const spice = "<target type='virtio' name='com.redhat.spice.0' state='connected'/>"
  const agent = "<target type='virtio' name='org.qemu.guest_agent.0' state='disconnected'/>"
  t.is(describeDomain(spice).agent, 'none')
  t.is(describeDomain(spice + agent).agent, 'disconnected')
  t.is(describeDomain(agent.replace('disconnected', 'connected')).agent, 'connected')
  t.is(describeDomain(agent.replace(" state='disconnected'", '')).agent, 'disconnected')
  const forged =
    "<nova:name>&lt;target name='org.qemu.guest_agent.0' state='connected'/></nova:name>"
  t.is(describeDomain(forged).agent, 'none')
})

test('a hostile description is read in a moment', (t) => {
  const startedAt = performance.now()
  describeDomain('<target '.repeat(500_000))
  describeDomain('<instance '.repeat(400_000))
  t.true(performance.now() - startedAt < 60_000, 'not quadratic: that would take hours')
})
