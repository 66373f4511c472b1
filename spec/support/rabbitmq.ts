/** A real RabbitMQ on loopback with its own Erlang port mapper. It can be restarted. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  freePort,
  program,
  startServer,
  temporaryDirectory,
  type ServerProcess,
} from './process.ts'

export interface Rabbitmq extends AsyncDisposable {
  readonly url: string
  /** A free port for a listener of the settings. */
  readonly tlsPort: number
  /** Ends the broker. Durable parts stay. */
  stop(): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
  /** Raises or ends the alarm that it is short of memory. During the alarm it accepts nothing from senders. */
  setMemoryAlarm(alarm: 'on' | 'off'): Promise<void>
}

const LIBRARY = '/usr/lib/rabbitmq/lib'

const MEMORY = '512MB'
/** It takes some seconds, and many times that on a busy machine. */
const READY_MS_MAX = 240_000

/** The script of the package's own directory; the one on PATH switches the user. */
async function scriptOf(name: 'rabbitmq-server' | 'rabbitmqctl'): Promise<string> {
  const versions = existsSync(LIBRARY) ? await readdir(LIBRARY) : []
  const script = versions
    .map((version) => join(LIBRARY, version, 'sbin', name))
    .find((path) => existsSync(path))
  return script ?? program(name, 'rabbitmq-server')
}

/**
 * Starts a broker with user and password `guest`; it takes some seconds. Lines for the free port
 * may be added to its configuration.
 */
export async function startRabbitmq(
  settings: (tlsPort: number) => readonly string[] = () => [],
): Promise<Rabbitmq> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory('rabbitmq'))
  const at = (name: string): string => join(directory.path, name)
  const [port, distributionPort, mapperPort, tlsPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const lines = [`vm_memory_high_watermark.absolute = ${MEMORY}`, ...settings(tlsPort), '']
  await writeFile(at('rabbitmq.conf'), lines.join('\n'))
  await writeFile(at('enabled_plugins'), '[].\n')
  const script = await scriptOf('rabbitmq-server')
  const mapper = { ERL_EPMD_PORT: String(mapperPort), ERL_EPMD_ADDRESS: '127.0.0.1' }
  // Started here in the foreground, so that the broker leaves none behind.
  stack.use(await startServer({ command: program('epmd', 'erlang-base'), args: [], env: mapper }))
  const env = {
    ...mapper,
    HOME: directory.path,
    RABBITMQ_NODENAME: `instance-ha-${port}@localhost`,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_PID_FILE: at('pid'),
    // The script becomes the broker, so that signals reach it, and it ends with us.
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '-noinput -kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none',
  }
  const launch = (): Promise<ServerProcess> =>
    startServer({
      command: script,
      args: [],
      env,
      ready: /Starting broker\.\.\. completed/,
      readyTimeoutMs: READY_MS_MAX,
    })
  let server = await launch()
  const control = await scriptOf('rabbitmqctl')
  const resources = stack.move()
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}/`,
    tlsPort,
    async stop() {
      await server[Symbol.asyncDispose]()
    },
    async start() {
      server = await launch()
    },
    async setMemoryAlarm(alarm) {
      const limit = ['set_vm_memory_high_watermark', 'absolute', alarm === 'on' ? '1' : MEMORY]
      await promisify(execFile)(control, limit, { env: { PATH: process.env['PATH'], ...env } })
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await resources[Symbol.asyncDispose]()
    },
  }
}
