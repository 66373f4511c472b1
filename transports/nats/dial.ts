/**
 * Connects with a transport that closes its socket when a dial fails. The library's own leaves it
 * open as long as the server has not said anything (nats 2.29.3): a server or a network that accepts
 * connections and then stays silent would cost a file descriptor for each dial.
 */
import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ConnectionOptions, NatsConnection } from 'nats'
import { NatsConnectionImpl, setTransportFactory } from 'nats/lib/nats-base-client/internal_mod.js'
import { nodeResolveHost, NodeTransport } from 'nats/lib/src/node_transport.js'

interface Address {
  readonly hostname: string
  readonly port: number
}

/** Opens a connection, as the library's `connect` does. */
export function dialNats(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new ClosingTransport(), dnsResolveFn: nodeResolveHost })
  return NatsConnectionImpl.connect(options)
}

class ClosingTransport extends NodeTransport {
  #dialled: Socket | undefined
  #isGivenUp = false

  /** The socket is known here from its beginning, while the library knows it when it is connected. */
  override dial({ hostname: host, port }: Address): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>()
    const socket = connect({ host, port, noDelay: true })
    this.#dialled = socket
    let failure: Error | undefined
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('close', () => reject(failure ?? new Error('the connection was closed')))
    socket.on('connect', () => {
      socket.removeAllListeners()
      resolve(socket)
    })
    return promise
  }

  override async tlsFirst(address: Address): Promise<TLSSocket> {
    this.socket = await this.dial(address)
    return super.tlsFirst(address)
  }

  /** A server may have answered at the last moment: nobody would read from that connection. */
  override setupHandlers(): void {
    if (this.#isGivenUp) throw new Error('the dial was given up')
    super.setupHandlers()
  }

  /** Called when a dial has failed or has taken too long, and when a connection ends. */
  override async close(error?: Error): Promise<void> {
    if (!this.connected) {
      this.#isGivenUp = true
      this.#dialled?.destroy()
    }
    await super.close(error)
  }
}
