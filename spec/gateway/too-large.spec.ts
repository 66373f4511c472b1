/**
 * Bodies of 20 MB over real connections: the caller can read the 413, and no connection stays open
 * for ever.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import test from 'ava'
import { startGateway, type GatewayWorld } from '../support/gateway.ts'

const PIECE = Buffer.alloc(65_536, 'x')
const PIECES = 320 // of 64 KiB: 20 MiB

interface Client extends Disposable {
  readonly socket: Socket
  /**
   * Sends one piece of the body, and waits until the operating system has accepted it; false when
   * the connection is closed.
   */
  send(): Promise<boolean>
}

type Framing = 'length' | 'chunks'

async function open(world: GatewayWorld, framing: Framing): Promise<Client> {
  const { port } = new URL(await world.app.listen({ host: '127.0.0.1', port: 0 }))
  // It goes on sending after the server has closed its half.
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {}) // it shows in what is read, and in `send`
  await once(socket, 'connect')
  const size =
    framing === 'length' ? `Content-Length: ${PIECE.length * PIECES}` : 'Transfer-Encoding: chunked'
  const head = ['POST /v1/segments HTTP/1.1', 'Host: x', 'X-Auth-Token: admin-token', size]
  socket.write(`${head.join('\r\n')}\r\nContent-Type: application/json\r\n\r\n`)
  const frame = framing === 'length' ? ['', ''] : [`${PIECE.length.toString(16)}\r\n`, '\r\n']
  const gone = once(socket, 'close').then(() => false)
  return {
    socket,
    send: () => {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const piece = Buffer.concat([Buffer.from(frame[0] ?? ''), PIECE, Buffer.from(frame[1] ?? '')])
      socket.write(piece, (error) => resolve(error === null || error === undefined))
      return Promise.race([promise, gone])
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/** Sends the rest of the body, and returns whether all of it was sent. */
async function sendRest(client: Client, framing: Framing): Promise<boolean> {
  for (let piece = 1; piece < PIECES; piece += 1) if (!(await client.send())) return false
  if (framing === 'chunks') client.socket.write('0\r\n\r\n')
  return true
}

for (const framing of ['length', 'chunks'] as const) {
  test(`client that sends everything before it reads is answered 413 (body by ${framing})`, async (t) => {
    await using world = await startGateway()
    using client = await open(world, framing)
    t.true(await client.send())
    t.true(await sendRest(client, framing))
    t.regex(await text(client.socket), /^HTTP\/1\.1 413 [^]*\r\nRequest is too large\.$/)
  })

  test(`client that sends slowly can read 413 long before its end, and may continue (body by ${framing})`, async (t) => {
    await using world = await startGateway()
    using client = await open(world, framing)
    const answer = text(client.socket)
    // With a length, the head is enough. In chunks, the limit must be passed first.
    t.true(await client.send())
    t.true(await client.send())
    t.regex(await answer, /^HTTP\/1\.1 413 /)
    t.true(await sendRest(client, framing), 'the connection is not cut while it sends')
  })
}

test('client that never stops and never reads is disconnected after the time limit of a request', async (t) => {
  await using world = await startGateway()
  const { server } = world.app
  server.headersTimeout = 50
  server.requestTimeout = 100
  using client = await open(world, 'chunks')
  client.socket.pause()
  while (await client.send());
  t.is(await openConnections(world), 0)
})

test('connection is used again after bodies within the limit, as before', async (t) => {
  await using world = await startGateway()
  const { port } = new URL(await world.app.listen({ host: '127.0.0.1', port: 0 }))
  using socket = disposable(connect(Number(port), '127.0.0.1'))
  for (let count = 0; count < 3; count += 1) {
    const head =
      'POST /v1/segments HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin-token\r\nContent-Length: 2\r\n\r\n'
    socket.write(`${head}{}`)
    const [answer] = await once(socket, 'data')
    t.regex(String(answer), /^HTTP\/1\.1 400 /)
  }
})

const disposable = (socket: Socket): Socket & Disposable =>
  Object.assign(socket, { [Symbol.dispose]: () => void socket.destroy() })

const openConnections = (world: GatewayWorld): Promise<number> =>
  new Promise((resolve, reject) => {
    world.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
