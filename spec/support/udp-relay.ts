/**
 * A wire that carries datagrams to a server and back, and loses, delays, repeats or damages those
 * that a spec names.
 */
import { createSocket, type Socket } from 'node:dgram'

export type Direction = 'there' | 'back'

/** One datagram on its way. */
export interface Packet {
  readonly direction: Direction
  /**
   * How many datagrams went in this direction before it, since the wire was opened or the rule was
   * set.
   */
  readonly index: number
  readonly bytes: Buffer
}

/** What happens to a datagram. A buffer is carried instead of it. */
export type Treatment = 'pass' | 'drop' | 'twice' | Buffer | { readonly afterMs: number }

export interface UdpRelay extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number
  /** The datagrams sent since the rule was set, lost ones included. */
  packets(): readonly Packet[]
  /** Restarts the counting here. */
  treat(rule: (packet: Packet) => Treatment): void
}

const carryOn = (_packet: Packet): Treatment => 'pass'

/** Opens a wire to a UDP port of 127.0.0.1. */
export async function openUdpRelay(serverPort: number): Promise<UdpRelay> {
  const front = createSocket('udp4')
  const onward = new Map<number, Socket>()
  const delayed = new Set<NodeJS.Timeout>()
  let isOpen = true
  let seen: Packet[] = []
  let rule = carryOn
  const carry = (direction: Direction, bytes: Buffer, send: (bytes: Buffer) => void): void => {
    if (!isOpen) return
    const index = seen.filter((packet) => packet.direction === direction).length
    const packet: Packet = { direction, index, bytes }
    seen.push(packet)
    const treatment = rule(packet)
    if (treatment === 'drop') return
    if (treatment === 'pass') return send(bytes)
    if (treatment === 'twice') {
      send(bytes)
      return send(bytes)
    }
    if (Buffer.isBuffer(treatment)) return send(treatment)
    const timer = setTimeout(() => {
      delayed.delete(timer)
      if (isOpen) send(bytes)
    }, treatment.afterMs)
    delayed.add(timer)
  }
  /** One socket for each client, so that answers are sent back to the right one. */
  const socketFor = (clientPort: number): Socket => {
    const known = onward.get(clientPort)
    if (known !== undefined) return known
    const socket = createSocket('udp4')
    socket.on('error', () => undefined) // no process listens there: the datagram is lost
    socket.on('message', (bytes) =>
      carry('back', bytes, (answer) => front.send(answer, clientPort, '127.0.0.1')),
    )
    onward.set(clientPort, socket)
    return socket
  }
  front.on('error', () => undefined)
  front.on('message', (bytes, { port }) =>
    carry('there', bytes, (order) => socketFor(port).send(order, serverPort, '127.0.0.1')),
  )
  const bound = Promise.withResolvers<void>()
  front.bind(0, '127.0.0.1', bound.resolve)
  await bound.promise
  return {
    port: front.address().port,
    packets: () => seen,
    treat(next) {
      rule = next
      seen = []
    },
    async [Symbol.asyncDispose]() {
      isOpen = false
      for (const timer of delayed) clearTimeout(timer)
      const sockets = [front, ...onward.values()]
      await Promise.all(sockets.map((socket) => new Promise<void>((done) => socket.close(done))))
    },
  }
}
