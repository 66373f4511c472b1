/** The SSH port of one simulated host. It is silent, as a dead host is, while the host cannot be reached. */
import { connect, createServer, type Socket } from 'node:net'

export interface HostDoor extends AsyncDisposable {
  /** open: answers; silent: accepts connections and sends nothing. */
  set(state: 'open' | 'silent'): void
}

/** Listens, and carries bytes to an SSH server on loopback. */
export async function openHostDoor(
  place: { readonly host: string; readonly port: number },
  sshPort: number,
): Promise<HostDoor> {
  const sockets = new Set<Socket>()
  let state: 'open' | 'silent' = 'open'
  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
  }
  const server = createServer({ noDelay: true }, (client) => {
    if (state === 'silent') {
      keep(client, client)
      return
    }
    const upstream = connect({ port: sshPort, host: '127.0.0.1', noDelay: true })
    keep(client, upstream)
    keep(upstream, client)
    client.pipe(upstream)
    upstream.pipe(client)
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(place.port, place.host, resolve)
  await promise
  return {
    set(next) {
      if (next === state) return
      state = next
      for (const socket of sockets) {
        // What is on its way is never delivered; a host that is back knows no connection from before.
        if (next === 'silent') socket.unpipe().pause()
        else socket.destroy()
      }
    },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
