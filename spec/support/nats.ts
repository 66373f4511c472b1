/**
 * A NATS server with JetStream for specs. It can be stopped, restarted, frozen and thawed, always
 * on the same port.
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asProcesses, openServerHost, type HostedServer } from './container.ts'
import { freePort, temporaryDirectory } from './process.ts'

export interface NatsServer extends AsyncDisposable {
  readonly url: string
  stop(): Promise<void>
  /** Starts it again, with what it has stored. */
  restart(change?: Partial<NatsFeatures>): Promise<void>
  /** Kills it without warning. */
  kill(): Promise<void>
  /** Loses all that it has stored; only while it is stopped. */
  wipe(): Promise<void>
  /** Gives it another configuration while it runs: connections stay open, but for those that it forbids. */
  reload(change?: Partial<NatsFeatures>): Promise<void>
  /** Freezes it: connections stay open and nothing answers. */
  pause(): Promise<void>
  resume(): Promise<void>
}

export interface NatsFeatures {
  readonly jetstream: boolean
  /** The password of the user `ha`; undefined: every client is accepted. */
  readonly password: string | undefined
  /** Encrypted, and clients must show a certificate of the same authority. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
  /** Entries of the list of users beside `ha`. */
  readonly accounts: readonly string[]
  /** What the user `ha` is denied. */
  readonly denied: Denied
  /** Routes to and from other servers of a cluster, with the number of each. */
  readonly cluster: {
    readonly name: string
    readonly port: number
    readonly routes: readonly number[]
    /** Clients are not told of the other servers: they know the addresses of relays only. */
    readonly isHidden?: boolean
  }
}

/** Where a server listens, and which program it is. */
interface NatsPlace {
  /** For one whose address must be known before; default: a free one. */
  readonly port?: number
  /** Path of another program than the distribution's. */
  readonly program?: string
}

/** Subjects that an account may not publish, or subscribe to. */
export interface Denied {
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
}

/** Starts a server. */
export async function startNats(
  features: Partial<NatsFeatures> & NatsPlace = {},
): Promise<NatsServer> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory('nats'))
  const port = features.port ?? (await freePort())
  const file = join(directory.path, 'nats.conf')
  const { program } = features
  const host = program === undefined ? await openServerHost('nats', directory.path) : asProcesses
  let server: HostedServer | undefined
  const configure = async (change: Partial<NatsFeatures>): Promise<void> => {
    await writeFile(file, configuration(change, directory.path), { mode: 0o600 })
  }
  const start = async (change: Partial<NatsFeatures>): Promise<void> => {
    await configure(change)
    const args = ['--config', file, '--addr', '127.0.0.1', '--port', String(port)]
    const command = { command: program ?? 'nats-server', debianPackage: 'nats-server', args }
    server = await host.start(command, /Server is ready/u)
  }
  await start(features)
  const parts = stack.move()
  return {
    url: `nats://127.0.0.1:${port}`,
    async stop() {
      await server?.[Symbol.asyncDispose]()
      server = undefined
    },
    restart: (change = {}) => start(change),
    async kill() {
      await server?.signal('SIGKILL')
      await server?.ended
      server = undefined
    },
    wipe: () => rm(join(directory.path, 'store'), { recursive: true, force: true }),
    async reload(change = {}) {
      await configure(change)
      await server?.signal('SIGHUP')
    },
    async pause() {
      await server?.signal('SIGSTOP')
    },
    async resume() {
      await server?.signal('SIGCONT')
    },
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]()
      await parts.disposeAsync()
    },
  }
}

function configuration(
  { jetstream = true, password, accounts = [], denied, cluster, tls }: Partial<NatsFeatures>,
  directory: string,
): string {
  const store = `jetstream { store_dir: ${JSON.stringify(join(directory, 'store'))} }`
  const users = [...accounts, ...(password === undefined ? [] : [userHa(password, denied)])]
  return [
    ...(jetstream ? [store] : []),
    ...(users.length === 0 ? [] : ['authorization { users: [', ...users, '] }']),
    ...clusterLines(cluster),
    ...tlsLines(tls),
    '',
  ].join('\n')
}

function clusterLines(cluster: NatsFeatures['cluster'] | undefined): readonly string[] {
  if (cluster === undefined) return []
  const { name, port, routes, isHidden = false } = cluster
  const urls = JSON.stringify(routes.map((each) => `nats://127.0.0.1:${each}`))
  return [
    `server_name: n${port}`,
    `cluster { name: ${name}, listen: "127.0.0.1:${port}", routes: ${urls}, no_advertise: ${isHidden} }`,
  ]
}

function userHa(password = '', denied: Denied = {}): string {
  const rules = Object.entries(denied).map(([operation, subjects]) => {
    return `${operation}: { deny: ${JSON.stringify(subjects)} }`
  })
  const permissions = rules.length === 0 ? '' : `, permissions: { ${rules.join(', ')} }`
  return `{ user: ha, password: ${JSON.stringify(password)}${permissions} }`
}

const quoted = (text: string): string => JSON.stringify(text)

function tlsLines(tls: NatsFeatures['tls'] | undefined): readonly string[] {
  if (tls === undefined) return []
  const files = `cert_file: ${quoted(tls.cert)}, key_file: ${quoted(tls.key)}, ca_file: ${quoted(tls.ca)}`
  return [`tls { ${files}, verify: true }`]
}
