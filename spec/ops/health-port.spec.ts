/** Every process serves its health and metrics on a small port: bounded, without secrets, and never a reason not to run. */
import { connect, createServer, type Socket } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { buildHealthServer } from '../../gateway/health-server.ts'
import { Metrics } from '../../ops/metrics/metrics.ts'
import { openHealthPort } from '../../ops/roles/health-port.ts'
import { CodedError } from '../../schema/errors.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { engineConfig } from '../support/config-text.ts'
import { recordingLog } from '../support/logs.ts'
import { freePort, listenOn, startServer, temporaryDirectory } from '../support/process.ts'
import { until } from '../support/until.ts'

const metrics = new Metrics()
const parts = () => ({
  clock: new SystemClock(),
  log: recordingLog(),
  readiness: [],
  supervisors: () => [],
  metrics: () => metrics.expose(),
})
const ANY = { enabled: true, listen: '127.0.0.1', port: 0 } as const

async function addressOf(port: ReturnType<typeof openHealthPort>): Promise<string> {
  await until('it listens', () => port.address() !== undefined)
  return port.address() ?? ''
}

test('health, the supervision trees and metrics are served, and nothing else', async (t) => {
  await using port = openHealthPort(ANY, parts())
  const address = await addressOf(port)
  t.deepEqual(await (await fetch(`${address}/health/live`)).json(), { live: true })
  t.deepEqual(await (await fetch(`${address}/health/ready`)).json(), { ready: true, checks: [] })
  t.deepEqual(await (await fetch(`${address}/health/supervisors`)).json(), { supervisors: [] })
  const answer = await fetch(`${address}/metrics`)
  t.regex(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  t.regex(await answer.text(), /^# TYPE instance_ha_leading gauge$/m)
  for (const path of ['/v1/segments', '/', '/metrics/x']) {
    t.is((await fetch(`${address}${path}`)).status, 404, path)
  }
  t.is((await fetch(`${address}/metrics`, { method: 'POST', body: '{}' })).status, 404)
})

const failing = async (): Promise<void> => {
  throw new CodedError('STORE_UNAVAILABLE', 'mysql://ha:secret@10.0.0.9/ha')
}

test('a failed check is 503, and its reason has no address', async (t) => {
  const readiness = [{ name: 'store', need: 'vital', check: failing } as const]
  const app = buildHealthServer({ ...parts(), readiness })
  const { statusCode, body } = await app.inject('/health/ready')
  t.is(statusCode, 503)
  t.false(/secret|10\.0\.0\.9/.test(body))
  await app.close()
})

test('callers that keep their connections cannot use up the process', async (t) => {
  await using port = openHealthPort(ANY, parts())
  const { port: number } = new URL(await addressOf(port))
  const sockets: Socket[] = []
  let closed = 0
  for (let callers = 0; callers < 100; callers += 1) {
    const socket = connect(Number(number), '127.0.0.1')
    socket.on('close', () => void (closed += 1)).on('error', () => undefined)
    sockets.push(socket)
  }
  await until('the others are refused', () => closed >= 100 - 32)
  t.is(sockets.filter(({ destroyed }) => !destroyed).length, 32)
  for (const socket of sockets) socket.destroy()
})

test('a port in use is one line of the log, and is no reason not to run', async (t) => {
  const taken = await freePort()
  const server = createServer()
  await listenOn(server, taken)
  const dependencies = parts()
  await using port = openHealthPort({ ...ANY, port: taken }, dependencies)
  await until('it says so', () => dependencies.log.lines.length > 0)
  t.regex(dependencies.log.lines[0] ?? '', /^warn health and metrics cannot be served .*EADDRINUSE/)
  t.is(port.address(), undefined)
  server.close()
})

test('another address than loopback is a warning, and a port that is turned off is not opened', async (t) => {
  const open = parts()
  await using everywhere = openHealthPort({ ...ANY, listen: '0.0.0.0' }, open)
  await addressOf(everywhere)
  t.regex(open.log.lines[0] ?? '', /^warn everybody who reaches this port/)
  const off = parts()
  await using closed = openHealthPort({ ...ANY, enabled: false }, off)
  t.is(closed.address(), undefined)
  t.deepEqual(off.log.lines, [])
})

const ADDRESS = /"address":"(http:\/\/127\.0\.0\.1:\d+)","msg":"health and metrics are served"/

for (const [roles, bus, isConnected] of [
  ['engine', 'memory', true],
  ['bridge', 'nats://127.0.0.1:1', false],
  ['instance-monitor', 'nats://127.0.0.1:1', false],
] as const) {
  test(`a process with the role ${roles} tells of itself`, async (t) => {
    await using directory = await temporaryDirectory('health')
    const file = join(directory.path, 'node.conf')
    const text = engineConfig(directory.path)
      .replace('enabled = engine', `enabled = ${roles}`)
      .replace('servers = memory', `servers = ${bus}`)
    await writeFile(file, `${text}[health]\nlisten_port = 0\n`, { mode: 0o600 })
    await using running = await startServer({
      command: process.execPath,
      args: ['ops/cli.ts', 'run', '--config', file],
      ready: ADDRESS,
    })
    const [, address = ''] = ADDRESS.exec(running.output()) ?? []
    const read = async (path: string): Promise<string> => (await fetch(`${address}${path}`)).text()
    t.regex(await read('/metrics'), new RegExp(`^instance_ha_role\\{role="${roles}"\\} 1$`, 'm'))
    t.regex(await read('/health/supervisors'), new RegExp(`"roles":\\["${roles}"\\]`))
    t.regex(await read('/health/ready'), new RegExp(`"name":"bus","ok":${isConnected}`))
    t.false(
      /password|os_privileged/.test((await read('/health/supervisors')) + (await read('/metrics'))),
    )
  })
}
