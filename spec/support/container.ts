/**
 * Where a server for specs runs: in a container, through testcontainers, when an engine answers and
 * has its image; otherwise as a child process. Both share the network and one directory with us, at
 * the same path, so that a spec sees no difference.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ContainerRuntimeClient, GenericContainer } from 'testcontainers'
import { program, startServer } from './process.ts'
import { until } from './until.ts'

/** Servers that may run in a container. */
export type ServerKind = 'nats' | 'mariadb'

/** Images that are made for specs. */
export type ImageKind = ServerKind | 'servers' | 'builder' | 'base'

/** One command of a server's package. */
export interface ServerCommand {
  /** Name of the program; a full path only for a child process. */
  readonly command: string
  readonly debianPackage: string
  readonly args: readonly string[]
}

export interface HostedServer extends AsyncDisposable {
  /** Resolves when the server has received the signal. */
  signal(signal: NodeJS.Signals): Promise<void>
  /** Resolves when the server has ended. */
  readonly ended: Promise<void>
}

export interface ServerHost {
  /** Starts a server and waits until its output matches. */
  start(server: ServerCommand, ready: RegExp): Promise<HostedServer>
  /** Runs a command to its end; throws its output when it fails. */
  run(command: ServerCommand): Promise<void>
}

const LABEL = { 'instance-ha.spec': 'true' }
const START_MS_MAX = 60_000

/** Image of a server: our local one, unless the environment names another. */
export function imageOf(kind: ImageKind): string {
  const named = process.env[`INSTANCE_HA_TEST_${kind.toUpperCase()}_IMAGE`]
  return named ?? `instance-ha-test/${kind}:local`
}

/**
 * True when an engine may answer. Asking it costs half a second, so it is asked only then. Linux
 * only, because we share its network.
 */
export function mayHaveEngine(): boolean {
  if (process.platform !== 'linux') return false
  const sockets = [
    '/var/run/docker.sock',
    join(process.env['XDG_RUNTIME_DIR'] ?? '/nonexistent', 'docker.sock'),
    join(homedir(), '.docker', 'run', 'docker.sock'),
  ]
  return process.env['DOCKER_HOST'] !== undefined || sockets.some((path) => existsSync(path))
}

/**
 * Where servers of a kind run, with a directory that they share with us. With
 * `INSTANCE_HA_TEST_CONTAINERS=always`, a missing container engine is an error.
 */
export async function openServerHost(kind: ServerKind, directory: string): Promise<ServerHost> {
  const engine = mayHaveEngine() ? await findEngine() : undefined
  if (engine !== undefined && (await hasImage(engine, kind))) {
    return inContainers(engine, imageOf(kind), directory)
  }
  if (process.env['INSTANCE_HA_TEST_CONTAINERS'] === 'always') {
    throw new Error(`no container engine answers that has the image ${imageOf(kind)}`)
  }
  return asProcesses
}

/** The container engine of this machine; undefined when none answers. */
export async function findEngine(): Promise<ContainerRuntimeClient | undefined> {
  // Its helper container cannot be pulled everywhere, so we stop what we start. Read when the
  // library is loaded.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
  const { getContainerRuntimeClient } = await import('testcontainers')
  return await getContainerRuntimeClient().catch(() => undefined)
}

/** True when the engine has the image already. Nothing is pulled. */
export async function hasImage(engine: ContainerRuntimeClient, kind: ImageKind): Promise<boolean> {
  const { ImageName } = await import('testcontainers')
  return await engine.image.exists(ImageName.fromString(imageOf(kind)))
}

/** Servers as child processes. */
export const asProcesses: ServerHost = {
  async start({ command, debianPackage, args }, ready) {
    const server = await startServer({ command: program(command, debianPackage), args, ready })
    return {
      async signal(signal) {
        server.signal(signal)
        // A server with many threads may answer once more before all of them stand still.
        if (signal === 'SIGSTOP')
          await until('the server stands still', () => isStopped(server.pid))
      },
      ended: server.ended,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  },
  async run({ command, debianPackage, args }) {
    await promisify(execFile)(program(command, debianPackage), args)
  },
}

function inContainers(
  engine: ContainerRuntimeClient,
  image: string,
  directory: string,
): ServerHost {
  const container = async ({ command, args }: ServerCommand): Promise<GenericContainer> => {
    const { GenericContainer } = await import('testcontainers')
    return new GenericContainer(image)
      .withLabels(LABEL)
      .withNetworkMode('host')
      .withUser(`${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`) // otherwise we could not delete its files
      .withBindMounts(
        [directory, ...givenFiles(args, directory)].map((path) => ({ source: path, target: path })),
      )
      .withTmpFs({ '/tmp': '', '/run': '' })
      .withStartupTimeout(START_MS_MAX)
      .withEntrypoint([command])
      .withCommand([...args])
  }
  return {
    async start(server, ready) {
      const { Wait } = await import('testcontainers')
      const described = await container(server)
      const started = await described.withWaitStrategy(Wait.forLogMessage(ready)).start()
      const running = engine.container.getById(started.getId())
      const ended = running.wait().then(() => undefined)
      return {
        async signal(signal) {
          await running.kill({ signal })
        },
        ended,
        async [Symbol.asyncDispose]() {
          const { State: state } = await running.inspect()
          if (state.Running) await running.kill({ signal: 'SIGCONT' })
          await started.stop({ timeout: 5000 })
        },
      }
    },
    async run(command) {
      const { Wait } = await import('testcontainers')
      const described = await container(command)
      const finished = await described.withWaitStrategy(Wait.forOneShotStartup()).start()
      await finished.stop()
    },
  }
}

/** Files of a spec that options of a server name, such as certificates, outside of the directory that is shared anyway. */
const givenFiles = (args: readonly string[], directory: string): readonly string[] =>
  args
    .flatMap((arg) => /^--[\w-]+=(.+)$/.exec(arg)?.[1] ?? [])
    .filter((path) => path.startsWith(tmpdir()) && !path.startsWith(directory) && existsSync(path))

/** Every thread of a process is stopped (proc(5): the state follows the name in brackets). */
async function isStopped(pid: number): Promise<boolean> {
  const tasks = await readdir(`/proc/${pid}/task`)
  const states = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/stat`, 'utf8')),
  )
  return states.every((stat) => stat.slice(stat.lastIndexOf(')') + 2).startsWith('T'))
}
