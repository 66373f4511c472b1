/** Daemons that send garbage, half of something, or nothing: each connection ends, no call waits for ever, and we come back. */
import test from 'ava'
import type { GuestNews } from '../../../actors/ports/guest.ts'
import { instanceId } from '../../../schema/ids.ts'
import { LibvirtGuests } from '../../../transports/libvirt/guests.ts'
import { encodePacket } from '../../../transports/libvirt/packets.ts'
import { XdrWriter } from '../../../transports/libvirt/xdr.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { startStandIn, uuidOf, type Manners, type StandIn } from '../../support/libvirt-stand-in.ts'
import { until } from '../../support/until.ts'
import { lines, locationOf } from './world.ts'

const ONE = uuidOf(1)

const header = (length: number): Buffer => {
  const bytes = encodePacket({
    program: 1,
    procedure: 1,
    type: 2,
    serial: 0,
    body: Buffer.alloc(0),
  })
  bytes.writeUInt32BE(length, 0)
  return bytes
}

const listen = (daemon: StandIn): LibvirtGuests =>
  new LibvirtGuests({
    clock: new SystemClock(),
    log: lines().log,
    location: locationOf(daemon.socket),
  })

const never = new AbortController().signal
const first = async (port: LibvirtGuests): Promise<GuestNews | undefined> =>
  (await port.news('snapshot', never))[0]

const HOSTILE: readonly (readonly [what: string, manners: Manners])[] = [
  ['garbage', { 1: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(10)) }],
  ['a packet of four gigabytes', { 1: header(0xffff_ffff) }],
  ['a packet without a header', { 1: header(3) }],
  ['half a packet and then its end', { 1: 'close' }],
  ['a refusal to open', { 1: 'refuse' }],
  ['a wish for SASL', { 66: new XdrWriter().int(1).int(1) }],
  ['a list that is cut off', { 273: new XdrWriter().int(5).domain(ONE) }],
  ['a list of a million domains', { 273: new XdrWriter().int(1_000_000) }],
  ['an end in the middle of the look', { 14: 'close' }],
  ['a state that is cut off', { 212: new XdrWriter().int(1) }],
]

for (const [what, manners] of HOSTILE) {
  test(`a daemon with ${what} is left, and heard again when it is well`, async (t) => {
    await using daemon = await startStandIn(manners)
    await using port = listen(daemon)
    await until('it was tried twice', () => daemon.opened > 2)
    t.not(port.health().daemon, 'unknown')
    daemon.manners = {}
    const news = await first(port)
    t.is(news?.type, 'snapshot')
    t.is(news?.type === 'snapshot' && news.guests.length, 1)
  })
}

test('a daemon that accepts and says nothing is left within seconds', async (t) => {
  await using daemon = await startStandIn({ 66: 'nothing' })
  await using port = listen(daemon)
  await until('the first connection is given up', () => daemon.opened > 1, 8000)
  t.is(port.health().daemon, 'silent')
})

test('a daemon that refuses an event it does not know is listened to all the same', async (t) => {
  await using daemon = await startStandIn({ 316: 'refuse' })
  await using port = listen(daemon)
  t.is((await first(port))?.type, 'snapshot')
})

test('a guest whose ping is never answered is silent, and the others are asked meanwhile', async (t) => {
  await using daemon = await startStandIn({ 3: 'nothing' })
  await using port = listen(daemon)
  await first(port)
  const hung = instanceId(ONE)
  t.is((await port.heartbeats([hung], 300)).get(hung), 'silent')
  daemon.manners = {}
  const well = instanceId(uuidOf(2))
  const signs = await port.heartbeats([well, hung], 300)
  t.is(signs.get(well), 'alive')
  t.is(signs.get(hung), 'silent', 'it is not asked a second time while libvirt is at it')
})

test('with as many hung guests as there are slots, the rest waits for the connection to end', async (t) => {
  await using daemon = await startStandIn({ 3: 'nothing' })
  await using port = listen(daemon)
  await first(port)
  const ids = Array.from({ length: 6 }, (_, n) => instanceId(uuidOf(n)))
  const asked = port.heartbeats(ids, 200)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  for (const connection of daemon.connections) connection.destroy()
  const signs = [...(await asked).values()]
  t.is(signs.filter((sign) => sign === 'silent').length, 4)
  t.is(signs.filter((sign) => sign === 'unknown').length, 2)
})
