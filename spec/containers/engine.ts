/**
 * Our own container engine for machines where none runs, with all its files in one directory. It has no bridge of its own;
 * it has networks for deployments where the machine lets it make bridges and firewall rules.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describeError } from '../../schema/errors.ts'
import { program, startServer, temporaryDirectory } from '../support/process.ts'

export interface PrivateEngine extends AsyncDisposable {
  /** The environment for its clients. */
  readonly environment: Readonly<Record<string, string>>
  /** Undefined when deployments can have networks; otherwise the reason why they cannot. */
  readonly withoutNetworks: string | undefined
}

const NO_FIREWALL = ['--iptables=false', '--ip6tables=false']

/** Starts dockerd, which needs root; two seconds. */
export async function startEngine(): Promise<PrivateEngine> {
  try {
    return await start([], undefined)
  } catch (error) {
    const [reason = ''] = describeError(error).split('\n').slice(-1)
    return await start(NO_FIREWALL, `the engine cannot make networks here: ${reason}`)
  }
}

async function start(
  options: readonly string[],
  withoutNetworks: string | undefined,
): Promise<PrivateEngine> {
  if (process.getuid?.() !== 0) {
    throw new Error('no container engine answers, and only root can start one: start Docker')
  }
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryDirectory('engine'))
  const socket = `unix://${join(path, 'sock')}`
  stack.defer(() => unmount(join(path, 'exec', 'netns', 'default')))
  const places = [
    ['--data-root', join(path, 'data')],
    ['--exec-root', join(path, 'exec')],
    ['--pidfile', join(path, 'pid')],
    ['--host', socket],
  ]
  stack.use(
    await startServer({
      command: program('dockerd', 'docker.io'),
      args: [...places.flat(), '--bridge=none', ...options],
      ready: /API listen on/u,
    }),
  )
  const parts = stack.move()
  return {
    // Without a bridge there is no gateway; single containers share the network of the machine.
    withoutNetworks,
    environment: { DOCKER_HOST: socket, TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1' },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** When the daemon ends, it leaves the network of the machine mounted among its files. */
async function unmount(path: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  if (mounts.includes(` ${path} `)) await promisify(execFile)('umount', [path])
}
