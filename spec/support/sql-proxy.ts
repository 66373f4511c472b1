/**
 * A MariaDB whose lock functions are refused, as in some builds of Galera: a TCP proxy that answers
 * for it.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { MariadbServer } from './mariadb.ts'

/** Answers every query that names a lock function with this error. */
export async function refuseLockFunctions(
  server: MariadbServer,
  errno: number,
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const upstream = connect(server.port, server.host)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('data', (chunk: Buffer) => {
      if (/(?:get|release)_lock\s*\(/i.test(chunk.toString('latin1'))) client.write(refusal(errno))
      else upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => client.write(chunk))
    client.on('end', () => upstream.end())
    upstream.on('end', () => client.end())
  })
  const listening = Promise.withResolvers<void>()
  proxy.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const { port } = proxy.address() as AddressInfo // it listens on TCP
  return {
    port,
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>()
      proxy.close(() => resolve())
      for (const socket of sockets) socket.destroy()
      await promise
    },
  }
}

/** An error packet of the MySQL protocol, the first of the answer. */
function refusal(errno: number): Buffer {
  const text = Buffer.from(`#HY000Lock functions are not supported in this cluster`)
  const body = Buffer.concat([Buffer.from([0xff, errno & 0xff, errno >> 8]), text])
  return Buffer.concat([Buffer.from([body.length & 0xff, body.length >> 8, 0, 1]), body])
}
