/** A NATS server, or what stands in its way, that accepts connections and then says nothing. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import test from 'ava'
import {
  connectNats,
  type NatsOptions,
  type NatsTransport,
} from '../../../transports/nats/connect.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { silentLog } from '../../support/logs.ts'
import { startNats } from '../../support/nats.ts'
import { freePort, listenOn } from '../../support/process.ts'
import { openTcpRelay } from '../../support/tcp-relay.ts'
import { until } from '../../support/until.ts'

const DIALS = 4
/** A dial takes 2 s, and the pause after it as much at most. */
const LONGEST_MS = 60_000

function join(port: number, tlsFirst = false): NatsTransport {
  const options: NatsOptions = {
    servers: [`nats://127.0.0.1:${port}`],
    cloud: 'west',
    leaseTtlMs: 6000,
    node: 'node-1',
    keepsStreams: true,
    clock: new SystemClock(),
    random: new SystemRandom(),
    log: silentLog,
    ...(tlsFirst
      ? { credentials: { tls: { ca: undefined, cert: undefined, key: undefined, first: true } } }
      : {}),
  }
  return connectNats(options)
}

interface SilentServer extends AsyncDisposable {
  readonly port: number
  dials(): number
  /** Connections that the client has not closed. */
  open(): number
  /** The most that were open at one time. */
  mostOpen(): number
}

async function startSilentServer(): Promise<SilentServer> {
  const port = await freePort()
  const sockets = new Set<Socket>()
  let dials = 0
  let mostOpen = 0
  const server = createServer((socket) => {
    dials += 1
    sockets.add(socket)
    mostOpen = Math.max(mostOpen, sockets.size)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.resume()
  })
  await listenOn(server, port)
  return {
    port,
    dials: () => dials,
    open: () => sockets.size,
    mostOpen: () => mostOpen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const ESTABLISHED = '01'

/** How many connections to this port of the loopback are open at the client's end. */
function openTo(port: number): number {
  const [, ...lines] = readFileSync('/proc/self/net/tcp', 'utf8').trim().split('\n')
  return lines.filter((line) => {
    const [, , remote = '', state] = line.trim().split(/\s+/u)
    return state === ESTABLISHED && parseInt(remote.split(':')[1] ?? '', 16) === port
  }).length
}

for (const tlsFirst of [false, true]) {
  const how = tlsFirst ? ' when TLS comes first' : ''
  test(`silent server costs two sockets at most, however often it is dialled${how}`, async (t) => {
    await using server = await startSilentServer()
    {
      await using node = join(server.port, tlsFirst)
      await until('it is dialled again and again', () => server.dials() >= DIALS, LONGEST_MS)
      t.false(node.bus.connected())
      t.true(server.mostOpen() <= 2, `${server.mostOpen()} sockets`)
    }
    await until('nothing is left open', () => server.open() === 0)
    t.is(server.open(), 0)
  })
}

test('real server in the place of the silent one is connected to', async (t) => {
  const silent = await startSilentServer()
  const { port } = silent
  await using node = join(port)
  await until('it is dialled again', () => silent.dials() >= 2, LONGEST_MS)
  await silent[Symbol.asyncDispose]()
  await using _server = await startNats({ port })
  await until('it is connected', () => node.bus.connected(), LONGEST_MS)
  t.true(node.bus.connected())
})

test('connection that is lost to a silent network costs no more sockets, and comes back', async (t) => {
  const serverPort = await freePort()
  await using _server = await startNats({ port: serverPort })
  await using relay = await openTcpRelay(serverPort)
  await using node = join(relay.port)
  await until('it is connected', () => node.bus.connected(), LONGEST_MS)
  relay.hold('both')
  await until('the loss is noticed', () => !node.bus.connected(), LONGEST_MS)
  const before = relay.connections()
  await until('it is dialled', () => relay.connections() >= before + DIALS, LONGEST_MS)
  const ours = openTo(relay.port)
  t.true(ours <= 2, `${ours} sockets`)
  relay.hold('nothing')
  await until('it is connected', () => node.bus.connected(), LONGEST_MS)
})
