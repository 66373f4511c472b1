/** Carries bytes to a TCP server and back, and can hold them back, like a network or a host that has failed. */
import { connect, createServer, type Socket } from 'node:net'
import { freePort, listenOn } from './process.ts'

export type Held = 'nothing' | 'there' | 'back' | 'both'

export interface TcpRelay extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number
  /** Connections so far. */
  connections(): number
  /** Connections are still accepted. Held bytes wait until they are let through, or until their sender resets the connection. */
  hold(what: Held): void
  /** Ends every connection without an answer. */
  cut(): void
}

/** Opens a relay to a TCP port of 127.0.0.1; to several ports, connections go in turn. */
export async function openTcpRelay(
  ...serverPorts: readonly [number, ...number[]]
): Promise<TcpRelay> {
  const port = await freePort()
  const ends = new Map<Socket, 'there' | 'back'>()
  let held: Held = 'nothing'
  let count = 0
  const apply = (socket: Socket): void => {
    const direction = ends.get(socket)
    if (held === 'both' || held === direction) socket.pause()
    else socket.resume()
  }
  const carry = (from: Socket, to: Socket, direction: 'there' | 'back'): void => {
    ends.set(from, direction)
    from.on('data', (bytes: Buffer) => to.write(bytes))
    from.on('end', () => to.end())
    from.on('error', () => to.resetAndDestroy()) // it was reset: the other end is reset, too
    from.on('close', () => {
      ends.delete(from)
      to.end()
    })
    apply(from)
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const serverPort = serverPorts[count % serverPorts.length] ?? serverPorts[0]
    count += 1
    const upstream = connect({ port: serverPort, host: '127.0.0.1', noDelay: true })
    carry(client, upstream, 'there')
    carry(upstream, client, 'back')
  })
  await listenOn(server, port)
  const cut = (): void => {
    for (const socket of ends.keys()) socket.destroy()
  }
  return {
    port,
    connections: () => count,
    hold(what) {
      held = what
      for (const socket of ends.keys()) apply(socket)
    },
    cut,
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      cut()
      await promise
    },
  }
}
