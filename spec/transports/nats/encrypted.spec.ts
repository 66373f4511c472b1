/** What is sent when a server is named `tls://`, without further settings. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import test from 'ava'
import { Secret } from '../../../schema/control-attributes.ts'
import { connectNats } from '../../../transports/nats/connect.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { recordingLog } from '../../support/logs.ts'
import { until } from '../../support/until.ts'

const INFO = { server_id: 'x', version: '2.10.0', proto: 1, max_payload: 1_000_000, headers: true }

/** Pretends to be a NATS server, and keeps all that it receives. */
async function listenAs(change: object) {
  const heard: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('data', (part) => heard.push(part))
    socket.write(`INFO ${JSON.stringify({ ...INFO, ...change })}\r\n`)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    heard,
    url: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      return server[Symbol.asyncDispose]()
    },
  }
}

const around = {
  clock: new SystemClock(),
  random: new SystemRandom(),
  cloud: 'x',
  leaseTtlMs: 6000,
  node: 'node-1',
  keepsStreams: true,
}
const credentials = { user: 'ha', password: new Secret('hush') }

test('nothing is sent to a server named tls:// that offers no TLS', async (t) => {
  const log = recordingLog()
  await using server = await listenAs({})
  const { heard, url } = server
  {
    await using _nats = connectNats({ ...around, log, servers: [`tls://${url}`], credentials })
    await until('a refusal', () => log.lines.length >= 1)
  }
  t.is(Buffer.concat(heard).length, 0)
})

test('a server named tls:// with TLS first receives a TLS hello', async (t) => {
  await using server = await listenAs({ tls_available: true })
  const { heard, url } = server
  {
    const servers = [`tls://${url}`]
    await using _nats = connectNats({ ...around, log: recordingLog(), servers, credentials })
    await until('the first bytes', () => heard.length > 0)
  }
  t.is(heard[0]?.[0], 0x16)
  t.false(Buffer.concat(heard).includes('hush'))
})
