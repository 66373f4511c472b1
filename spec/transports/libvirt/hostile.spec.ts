/** Daemons that send garbage, half of something, or nothing: each connection ends, no call waits for ever, and we come back. */
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import type { GuestNews } from '../../../actors/ports/guest.ts'
import { instanceId } from '../../../schema/ids.ts'
import { LibvirtGuests } from '../../../transports/libvirt/guests.ts'
import { encodePacket, PacketReader, type Packet } from '../../../transports/libvirt/packets.ts'
import { XdrWriter } from '../../../transports/libvirt/xdr.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { until } from '../../support/until.ts'
import { lines, locationOf } from './world.ts'

const ONE = '00000000-0000-4000-8000-000000000001'
const XML = `<domain><metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1"/></metadata>
<channel><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel></domain>`

type Reply = XdrWriter | Buffer | 'nothing' | 'close' | 'refuse'
/** By procedure; the others as a healthy daemon has them. */
type Manners = Readonly<Record<number, Reply>>

const HEALTHY: Manners = {
  1: new XdrWriter(),
  3: new XdrWriter().optional('{"return":{}}'),
  14: new XdrWriter().string(XML),
  60: new XdrWriter().int(1),
  66: new XdrWriter().int(1).int(0),
  212: new XdrWriter().int(1).int(1),
  273: new XdrWriter().int(1).domain(ONE).int(1),
  316: new XdrWriter().int(1),
}

interface Daemon extends AsyncDisposable {
  readonly socket: string
  manners: Manners
  readonly connections: Set<Socket>
  /** How many connections there were. */
  opened: number
}

async function startDaemon(manners: Manners): Promise<Daemon> {
  const directory = await temporaryDirectory('hostile')
  const socket = join(directory.path, 'sock')
  const connections = new Set<Socket>()
  const serve = (connection: Socket): void => {
    daemon.opened += 1
    connections.add(connection)
    const packets = new PacketReader()
    connection.on('error', () => connection.destroy())
    connection.on('close', () => connections.delete(connection))
    connection.on('data', (chunk: Buffer) => {
      for (const packet of packets.push(chunk)) answer(connection, packet, daemon.manners)
    })
  }
  const servers = [socket, `${socket}-ro`].map((path) => createServer(serve).listen(path))
  const daemon: Daemon = {
    socket,
    manners,
    connections,
    opened: 0,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy()
      for (const server of servers) server.close()
      await directory[Symbol.asyncDispose]()
    },
  }
  return daemon
}

function answer(connection: Socket, packet: Packet, manners: Manners): void {
  if (packet.type !== 0) return
  const reply = manners[packet.procedure] ?? HEALTHY[packet.procedure]
  if (reply === undefined || reply === 'nothing') return
  if (reply === 'close') connection.destroy()
  else if (Buffer.isBuffer(reply)) connection.write(reply)
  else if (reply === 'refuse') connection.write(refusal(packet))
  else connection.write(encodePacket({ ...packet, type: 1, body: reply.bytes() }))
}

function refusal(packet: Packet): Buffer {
  const body = new XdrWriter().int(38).int(7).optional('no \u001b[31mway').int(2).bytes()
  const bytes = encodePacket({ ...packet, type: 1, body })
  bytes.writeUInt32BE(1, 24)
  return bytes
}

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

const listen = (daemon: Daemon): LibvirtGuests =>
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
    await using daemon = await startDaemon(manners)
    await using port = listen(daemon)
    await until('it was tried twice', () => daemon.opened > 2)
    t.not(port.health().daemon, 'unknown')
    daemon.manners = HEALTHY
    const news = await first(port)
    t.is(news?.type, 'snapshot')
    t.is(news?.type === 'snapshot' && news.guests.length, 1)
  })
}

test('a daemon that accepts and says nothing is left within seconds', async (t) => {
  await using daemon = await startDaemon({ 66: 'nothing' })
  await using port = listen(daemon)
  await until('the first connection is given up', () => daemon.opened > 1, 8000)
  t.is(port.health().daemon, 'silent')
})

test('a daemon that refuses an event it does not know is listened to all the same', async (t) => {
  await using daemon = await startDaemon({ 316: 'refuse' })
  await using port = listen(daemon)
  t.is((await first(port))?.type, 'snapshot')
})

test('a guest whose ping is never answered is silent, and the others are asked meanwhile', async (t) => {
  await using daemon = await startDaemon({ 3: 'nothing' })
  await using port = listen(daemon)
  await first(port)
  const hung = instanceId(ONE)
  t.is((await port.heartbeats([hung], 300)).get(hung), 'silent')
  daemon.manners = HEALTHY
  const well = instanceId('00000000-0000-4000-8000-000000000002')
  const signs = await port.heartbeats([well, hung], 300)
  t.is(signs.get(well), 'alive')
  t.is(signs.get(hung), 'silent', 'it is not asked a second time while libvirt is at it')
})

test('with as many hung guests as there are slots, the rest waits for the connection to end', async (t) => {
  await using daemon = await startDaemon({ 3: 'nothing' })
  await using port = listen(daemon)
  await first(port)
  const ids = Array.from({ length: 6 }, (_, n) =>
    instanceId(`00000000-0000-4000-8000-00000000000${n}`),
  )
  const asked = port.heartbeats(ids, 200)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  for (const connection of daemon.connections) connection.destroy()
  const signs = [...(await asked).values()]
  t.is(signs.filter((sign) => sign === 'silent').length, 4)
  t.is(signs.filter((sign) => sign === 'unknown').length, 2)
})
