/** A wire that goes silent, late or noisy at every step of a session is never a wrong setting. */
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { Secret } from '../../../../schema/control-attributes.ts'
import { openBmcPower } from '../../../../transports/bmc/power.ts'
import { VirtualClock } from '../../../../transports/simulated/clock.ts'
import { startBmc } from '../../../support/bmc.ts'
import { bmcLines } from '../../../support/bmc-line.ts'
import { openUdpRelay, type Packet, type UdpRelay } from '../../../support/udp-relay.ts'

const openLine = bmcLines(10)

/** Datagrams of a session with one read: the channel's abilities, open session, RAKP 1 and 3, the privilege, four questions of ipmitool, the read. */
const STEPS = [
  'the question for abilities',
  'open session',
  'RAKP 1',
  'RAKP 3',
  'the privilege',
  'the first question in the session',
  'the second question in the session',
  'the third question in the session',
  'the fourth question in the session',
  'the read',
] as const

for (const direction of ['there', 'back'] as const) {
  for (const [step, title] of STEPS.entries()) {
    const way = direction === 'there' ? 'on the way there' : 'on the way back'
    test(`wire that goes silent at ${title} ${way} is silence, and nothing is remembered`, async (t) => {
      await using line = await openLine()
      line.wire.treat((packet) => lostFrom(packet, direction, step))
      const error = await t.throwsAsync(line.power.read(line.settings), {
        code: 'POWER_UNREACHABLE',
      })
      t.regex(String(error), /not? (?:longer )?answers?/)
      line.wire.treat(() => 'pass')
      t.is(await line.power.read(line.settings), 'on')
    })

    test(`one datagram lost at ${title} ${way} is no wrong setting`, async (t) => {
      await using line = await openLine()
      line.wire.treat((packet) =>
        packet.direction === direction && packet.index === step ? 'drop' : 'pass',
      )
      t.is(await line.power.read(line.settings), 'on')
    })
  }
}

const lostFrom = (packet: Packet, direction: Packet['direction'], step: number): 'drop' | 'pass' =>
  packet.direction === direction && packet.index >= step ? 'drop' : 'pass'

for (const [title, treatment] of [
  ['repeated', () => 'twice'],
  ['late', () => ({ afterMs: 1500 })],
  ['replaced by noise', ({ bytes }) => Buffer.alloc(bytes.length, 0x7a)],
  ['damaged', ({ bytes }) => damaged(bytes)],
  ['cut in half', ({ bytes }) => bytes.subarray(0, bytes.length >> 1)],
] as const satisfies readonly (readonly [string, Parameters<UdpRelay['treat']>[0]])[]) {
  for (const [step, what] of STEPS.entries()) {
    test(`answer to ${what} that is ${title} for once is no wrong setting`, async (t) => {
      await using line = await openLine()
      line.wire.treat((packet) =>
        packet.direction === 'back' && packet.index === step ? treatment(packet) : 'pass',
      )
      // What a damaged answer costs is this order, and only this one.
      const [first] = await Promise.allSettled([line.power.read(line.settings)])
      if (first?.status === 'rejected') {
        t.like(first.reason, { code: 'POWER_UNREACHABLE' })
      }
      t.is(await line.power.read(line.settings), 'on')
    })
  }
}

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8((copy.at(-1) ?? 0) ^ 0xff, copy.length - 1)
  return copy
}

test('power-off that is lost in mid-session is silence, and the machine runs on', async (t) => {
  await using line = await openLine()
  await line.power.read(line.settings)
  line.wire.treat(({ direction }) => (direction === 'there' ? 'drop' : 'pass'))
  await t.throwsAsync(line.power.off(line.settings), { code: 'POWER_UNREACHABLE' })
  t.is(await line.bmc.power(), 'on')
  line.wire.treat(() => 'pass')
  await line.power.off(line.settings)
  t.is(await line.power.read(line.settings), 'off')
})

test('power-off whose answer is lost in mid-session is silence, and is read back as off', async (t) => {
  await using line = await openLine()
  await line.power.read(line.settings)
  line.wire.treat(({ direction }) => (direction === 'back' ? 'drop' : 'pass'))
  await t.throwsAsync(line.power.off(line.settings), { code: 'POWER_UNREACHABLE' })
  t.is(await line.bmc.power(), 'off')
  line.wire.treat(() => 'pass')
  t.is(await line.power.read(line.settings), 'off')
})

test('session that can be closed no more is forgotten without a word', async (t) => {
  await using line = await openLine()
  await line.power.read(line.settings)
  line.wire.treat(() => 'drop')
  const other = { ...line.settings, privilege: 'OPERATOR' } as const
  await t.throwsAsync(line.power.read(other), { code: 'POWER_UNREACHABLE' })
  line.wire.treat(() => 'pass')
  t.is(await line.power.read(other), 'on')
})

test('wrong password is refused twice before it is believed, and once a pause after that', async (t) => {
  await using bmc = await startBmc()
  await using wire = await openUdpRelay(bmc.settings.port)
  const clock = new VirtualClock()
  await using power = openBmcPower({ clock, minimumSpacingMs: 0 })
  const settings = { ...bmc.settings, port: wire.port, password: new Secret('another') }
  const attempts = (): number =>
    wire.packets().filter(({ direction, bytes }) => direction === 'there' && bytes.at(5) === 0x12)
      .length
  const refused = { code: 'POWER_MISCONFIGURED', message: 'the BMC refuses the password' } as const
  await t.throwsAsync(power.read(settings), refused)
  t.is(attempts(), 2)
  await clock.pass(29_000, () => setImmediate())
  await t.throwsAsync(power.read(settings), refused)
  t.is(attempts(), 2)
  await clock.pass(1000, () => setImmediate())
  await t.throwsAsync(power.read(settings), refused)
  t.is(attempts(), 3)
})
