/** A daemon that speaks libvirt's protocol and has no guests: it answers as it is told to, well or badly. */
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { KEEPALIVE, PROGRAM } from '../../transports/libvirt/numbers.ts'
import { encodePacket, PacketReader, type Packet } from '../../transports/libvirt/packets.ts'
import { XdrWriter } from '../../transports/libvirt/xdr.ts'
import { temporaryDirectory } from './process.ts'

/** A description of one of Nova's instances, with an agent that listens. */
export const DOMAIN_XML = `<domain><metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1"/></metadata>
<channel><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel></domain>`

/** What a call is answered with: values, raw bytes, an error, or worse. */
export type Reply = XdrWriter | Buffer | 'nothing' | 'close' | 'refuse'
/** By procedure, perhaps by what was asked; the others are answered as a healthy daemon does. */
export type Manners = Readonly<Record<number, Reply | ((call: Packet) => Reply)>>

/** The n-th domain. */
export const uuidOf = (n: number): string =>
  `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** A daemon that is well, with so many domains. */
export function healthy(domains = 1): Manners {
  const list = new XdrWriter().int(domains)
  for (let n = 1; n <= domains; n += 1) list.domain(uuidOf(n))
  return {
    1: new XdrWriter(),
    3: new XdrWriter().optional('{"return":{}}'),
    14: new XdrWriter().string(DOMAIN_XML),
    60: new XdrWriter().int(1),
    66: new XdrWriter().int(1).int(0),
    212: new XdrWriter().int(1).int(1),
    273: list.int(domains),
    316: new XdrWriter().int(1),
  }
}

export interface StandIn extends AsyncDisposable {
  readonly socket: string
  manners: Manners
  readonly connections: Set<Socket>
  /** How many connections there were. */
  opened: number
  /** How often each procedure was called. */
  readonly calls: Map<number, number>
}

/** Starts it on a socket of its own, and one to look beside it. */
export async function startStandIn(manners: Manners, domains = 1): Promise<StandIn> {
  const directory = await temporaryDirectory('stand-in')
  const socket = join(directory.path, 'sock')
  const well = healthy(domains)
  const serve = (connection: Socket): void => {
    daemon.opened += 1
    daemon.connections.add(connection)
    const packets = new PacketReader()
    connection.on('error', () => connection.destroy())
    connection.on('close', () => daemon.connections.delete(connection))
    connection.on('data', (chunk: Buffer) => {
      for (const packet of packets.push(chunk)) {
        if (packet.program === PROGRAM.keepalive && packet.procedure === KEEPALIVE.ping) {
          connection.write(encodePacket({ ...packet, procedure: KEEPALIVE.pong }))
        }
        if (packet.type !== 0) continue
        daemon.calls.set(packet.procedure, (daemon.calls.get(packet.procedure) ?? 0) + 1)
        const manner = daemon.manners[packet.procedure] ?? well[packet.procedure]
        answer(connection, packet, typeof manner === 'function' ? manner(packet) : manner)
      }
    })
  }
  const servers = [socket, `${socket}-ro`].map((path) => createServer(serve).listen(path))
  const daemon: StandIn = {
    socket,
    manners,
    connections: new Set(),
    opened: 0,
    calls: new Map(),
    async [Symbol.asyncDispose]() {
      for (const connection of daemon.connections) connection.destroy()
      for (const server of servers) server.close()
      await directory[Symbol.asyncDispose]()
    },
  }
  return daemon
}

function answer(connection: Socket, packet: Packet, reply: Reply | undefined): void {
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
