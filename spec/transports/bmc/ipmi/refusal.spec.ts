/** Every answer with which a BMC may refuse a session or an order, as the real ipmitool words it, and what is made of it. */
import test from 'ava'
import type { ErrorCode } from '../../../../schema/errors.ts'
import { bmcLines } from '../../../support/bmc-line.ts'
import { until } from '../../../support/until.ts'
import { commandLinesWith } from '../../../support/child-processes.ts'
import type { Packet } from '../../../support/udp-relay.ts'

const openLine = bmcLines(4)

const UNREACHABLE = 'POWER_UNREACHABLE'
const MISCONFIGURED = 'POWER_MISCONFIGURED'
const FAILED = 'POWER_COMMAND_FAILED'
const SUITE = /cipher suite 3 \(ipmi\.cipher_suite\)/
const PRIVILEGE = /privilege ADMINISTRATOR .*\(ipmi\.privilege\)/

/** Status codes of RMCP+ and RAKP messages (IPMI 2.0, table 13-15). None of them proves its sender. */
const STATUSES: Readonly<Record<number, readonly [ErrorCode, RegExp]>> = {
  0x01: [UNREACHABLE, /no free session/],
  0x02: [UNREACHABLE, /not answer/],
  0x03: [UNREACHABLE, /not answer/],
  0x04: [MISCONFIGURED, SUITE],
  0x05: [MISCONFIGURED, SUITE],
  0x06: [MISCONFIGURED, SUITE],
  0x07: [MISCONFIGURED, SUITE],
  0x08: [UNREACHABLE, /not answer/],
  0x09: [MISCONFIGURED, PRIVILEGE],
  0x0a: [MISCONFIGURED, PRIVILEGE],
  0x0b: [UNREACHABLE, /no free session/],
  0x0c: [MISCONFIGURED, /user name/],
  0x0d: [MISCONFIGURED, /user name/],
  0x0e: [UNREACHABLE, /not answer/],
  0x0f: [MISCONFIGURED, /password/],
  0x10: [MISCONFIGURED, SUITE],
  0x11: [MISCONFIGURED, SUITE],
  0x12: [MISCONFIGURED, /illegal parameter/],
}

/** Payload types of the answers that carry a status. */
const ANSWERS = { 'open session': 0x11, 'RAKP 1': 0x13, 'RAKP 3': 0x15 } as const
const PAYLOAD_TYPE_AT = 5
const STATUS_AT = 17

for (const [message, type] of Object.entries(ANSWERS)) {
  for (const [status, [code, sentence]] of Object.entries(STATUSES)) {
    const name = `0x${Number(status).toString(16)}`
    test(`answer ${name} to ${message} is ${code}`, async (t) => {
      await using line = await openLine()
      line.wire.treat(({ direction, bytes }) => {
        const isAnswer = direction === 'back' && bytes.at(PAYLOAD_TYPE_AT) === type
        return isAnswer ? withByte(bytes, STATUS_AT, Number(status)) : 'pass'
      })
      await t.throwsAsync(line.power.read(line.settings), { code, message: sentence })
    })
  }
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(value, at)
  return copy
}

/** Completion codes of answers in the session; cipher suite 1 leaves them in clear on the wire. */
const COMMAND_AT = 21
const COMPLETION_AT = 22
const SET_PRIVILEGE = 0x3b
const CHASSIS_STATUS = 0x01
const CHASSIS_CONTROL = 0x02

for (const [title, command, completion, code, sentence] of [
  ['privilege not available for this user', SET_PRIVILEGE, 0x80, MISCONFIGURED, PRIVILEGE],
  ['privilege above the limit', SET_PRIVILEGE, 0x81, MISCONFIGURED, PRIVILEGE],
  ['privilege refused as insufficient', SET_PRIVILEGE, 0xd4, MISCONFIGURED, PRIVILEGE],
  ['busy at the privilege', SET_PRIVILEGE, 0xc0, FAILED, /Node busy/],
  ['busy at the read', CHASSIS_STATUS, 0xc0, FAILED, /Node busy/],
  ['timeout of its own at the read', CHASSIS_STATUS, 0xc3, FAILED, /Timeout/],
  ['read refused as insufficient', CHASSIS_STATUS, 0xd4, MISCONFIGURED, /privilege ADMINISTRATOR/],
  ['power-off refused as insufficient', CHASSIS_CONTROL, 0xd4, MISCONFIGURED, /privilege ADMINI/],
  ['power-off not possible now', CHASSIS_CONTROL, 0xd5, FAILED, /not supported in present state/],
] as const) {
  test(`${title} is ${code}`, async (t) => {
    await using line = await openLine()
    const settings = { ...line.settings, cipherSuite: 1 }
    line.wire.treat((packet) =>
      isAnswerTo(packet, command) ? withCompletion(packet.bytes, completion) : 'pass',
    )
    const order = command === CHASSIS_CONTROL ? 'off' : 'read'
    await t.throwsAsync(line.power[order](settings), { code, message: sentence })
  })
}

/** An answer in the session to a command whose number no other network function of ipmitool's start shares. */
function isAnswerTo({ direction, bytes }: Packet, command: number): boolean {
  const networkFunction = bytes.at(17) ?? 0
  const wanted = command === SET_PRIVILEGE ? 0x07 : 0x01
  const isInSession = direction === 'back' && bytes.at(PAYLOAD_TYPE_AT) === 0
  return isInSession && networkFunction >> 2 === wanted && bytes.at(COMMAND_AT) === command
}

function withCompletion(bytes: Buffer, completion: number): Buffer {
  const copy = withByte(bytes, COMPLETION_AT, completion)
  const end = copy.length - 1
  const sum = copy.subarray(19, end).reduce((total, byte) => total + byte, 0)
  copy.writeUInt8(-sum & 0xff, end)
  return copy
}

test('privilege is asked for as it is set, and OPERATOR may power off', async (t) => {
  await using line = await openLine()
  const settings = { ...line.settings, privilege: 'OPERATOR' } as const
  await line.power.off(settings)
  t.is(await line.power.read(settings), 'off')
  const [commandLine] = await commandLinesWith(`-H 127.0.0.1 -p ${settings.port} `)
  t.regex(commandLine ?? '', / -L OPERATOR /)
})

test('session of another privilege is opened when the setting changes', async (t) => {
  await using line = await openLine()
  await line.power.read(line.settings)
  await line.power.read({ ...line.settings, privilege: 'OPERATOR' })
  await until('one session is left', async () => {
    const lines = await commandLinesWith(`-H 127.0.0.1 -p ${line.settings.port} `)
    return lines.length === 1 && lines[0]?.includes('-L OPERATOR') === true
  })
  t.is(await line.bmc.power(), 'on')
})

for (const cipherSuite of [1, 2, 3]) {
  test(`cipher suite ${cipherSuite} opens a session`, async (t) => {
    await using line = await openLine()
    t.is(await line.power.read({ ...line.settings, cipherSuite }), 'on')
  })
}

for (const cipherSuite of [15, 16, 17]) {
  test(`cipher suite ${cipherSuite}, which the BMC does not have, is refused by name`, async (t) => {
    await using line = await openLine()
    await t.throwsAsync(line.power.read({ ...line.settings, cipherSuite }), {
      code: 'POWER_MISCONFIGURED',
      message: `the BMC does not support cipher suite ${cipherSuite} (ipmi.cipher_suite)`,
    })
  })
}
