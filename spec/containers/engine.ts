/**
 * Our own container engine for machines where none runs: no bridges, no firewall rules, all files
 * in one directory.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { program, startServer, temporaryDirectory } from '../support/process.ts'

export interface PrivateEngine extends AsyncDisposable {
  /** The environment for its clients. */
  readonly environment: Readonly<Record<string, string>>
}

/** Starts dockerd, which needs root; two seconds. */
export async function startEngine(): Promise<PrivateEngine> {
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
      args: [...places.flat(), '--bridge=none', '--iptables=false', '--ip6tables=false'],
      ready: /API listen on/u,
    }),
  )
  const parts = stack.move()
  return {
    // Without a bridge there is no gateway; all containers share the network of the machine.
    environment: { DOCKER_HOST: socket, TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1' },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** When the daemon ends, it leaves the network of the machine mounted among its files. */
async function unmount(path: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  if (mounts.includes(` ${path} `)) await promisify(execFile)('umount', [path])
}
