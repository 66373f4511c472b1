/** An OpenSSH server for specs, on a free port with its own keys and configuration. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import type { SshSettings } from '../../schema/control-attributes.ts'
import { generateKeyPair } from '../../transports/ssh/key-pair.ts'
import { openFullListener } from './full-listener.ts'
import {
  freePort,
  program,
  startServer,
  temporaryDirectory,
  type ServerProcess,
} from './process.ts'

export interface Sshd extends AsyncDisposable {
  /** Their settings pin no host key. */
  readonly settings: SshSettings
  /** `SHA256:…` of the present host key; of one type, when it has several. */
  fingerprint(type?: HostKeyKind): string
  /** How many connections it has accepted since its start. */
  connections(): number
  /** How many connections are open now. */
  sessions(): Promise<number>
  /**
   * Stops the server and all its sessions, like a frozen host. The kernel still accepts
   * connections.
   */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** Ends all of it like a power failure: nothing accepts connections at the port any more, and nothing refuses them. */
  losePower(): Promise<void>
  /** Ends the server and all its sessions. Disposal is still allowed. */
  kill(): Promise<void>
  /** Kills it and starts it again on the same port. */
  restart(): Promise<void>
  /** Gives it other host keys, like a reinstalled host: of the same types, or of these. */
  reinstall(types?: readonly HostKeyKind[]): Promise<void>
}

export type HostKeyKind = 'ed25519' | 'ecdsa' | 'rsa'

/** Starts sshd for the present user, who may log in with the key. */
export async function startSshd(options: {
  readonly authorizedKey: string
  readonly hostKeys?: readonly HostKeyKind[]
}): Promise<Sshd> {
  const directory = await temporaryDirectory('sshd')
  const file = (name: string): string => join(directory.path, name)
  const port = await freePort()
  let kinds = options.hostKeys ?? ['ed25519']
  let fingerprints = await newHostKeys(directory.path, kinds)
  await writeFile(file('authorized_keys'), `restrict ${options.authorizedKey}\n`, { mode: 0o600 })
  const configure = (): Promise<void> =>
    writeFile(file('sshd_config'), configuration(directory.path, port, kinds))
  await configure()
  // Privilege separation of a server that root starts needs this directory, which packages make at
  // boot.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const start = (): Promise<ServerProcess> =>
    startServer({
      command: program('sshd', 'openssh-server'),
      args: ['-D', '-e', '-f', file('sshd_config')],
      ready: /Server listening on/,
    })
  let server = await start()
  const signalAll = async (signal: NodeJS.Signals): Promise<void> => {
    for (const pid of await family(server.pid)) signalIfAlive(pid, signal)
  }
  const kill = async (): Promise<void> => {
    await signalAll('SIGKILL')
    await server.ended
  }
  const afterwards = new AsyncDisposableStack()
  const restart = async (): Promise<void> => {
    await kill()
    server = await start()
  }
  return {
    settings: {
      address: '127.0.0.1',
      port,
      username: userInfo().username,
      hostKey: undefined,
    },
    fingerprint: (kind = kinds[0] ?? 'ed25519') => fingerprints.get(kind) ?? '',
    connections: () => server.output().match(/^Connection from /gm)?.length ?? 0,
    sessions: async () => (await childrenOf(server.pid)).length,
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    async losePower() {
      await kill()
      afterwards.use(await openFullListener(port))
    },
    kill,
    restart,
    async reinstall(types = kinds) {
      kinds = types
      fingerprints = await newHostKeys(directory.path, kinds)
      await configure()
      await restart()
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await afterwards.disposeAsync()
      await directory[Symbol.asyncDispose]()
    },
  }
}

const hostKeyFile = (directory: string, kind: HostKeyKind): string =>
  join(directory, `host_key_${kind}`)

const configuration = (
  directory: string,
  port: number,
  kinds: readonly HostKeyKind[],
): string => `Port ${port}
ListenAddress 127.0.0.1
${kinds.map((kind) => `HostKey ${hostKeyFile(directory, kind)}`).join('\n')}
AuthorizedKeysFile ${join(directory, 'authorized_keys')}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
LogLevel VERBOSE
`

async function newHostKeys(
  directory: string,
  kinds: readonly HostKeyKind[],
): Promise<ReadonlyMap<HostKeyKind, string>> {
  const fingerprints = new Map<HostKeyKind, string>()
  for (const kind of kinds) {
    fingerprints.set(kind, await newHostKey(hostKeyFile(directory, kind), PAIRS[kind]()))
  }
  return fingerprints
}

const PAIRS: Readonly<Record<HostKeyKind, typeof generateKeyPair>> = {
  ed25519: generateKeyPair,
  ecdsa: () => ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }),
  rsa: () => ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }),
}

async function newHostKey(path: string, pair: ReturnType<typeof generateKeyPair>): Promise<string> {
  await writeFile(path, pair.private, { mode: 0o600 })
  const blob = Buffer.from(pair.public.split(' ')[1] ?? '', 'base64')
  const digest = await crypto.subtle.digest('SHA-256', blob)
  return `SHA256:${Buffer.from(digest).toString('base64').replace(/=+$/, '')}`
}

/** The process and all its descendants. */
async function family(pid: number): Promise<readonly number[]> {
  const children = await childrenOf(pid)
  const descendants = await Promise.all(children.map(family))
  return [pid, ...descendants.flat()]
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return [] // it has ended meanwhile
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    return // it has ended meanwhile
  }
}
