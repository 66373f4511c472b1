/** Real servers as child processes on free loopback ports, each with a temporary directory. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpPlace } from '../../ops/simulated-cloud/http-server.ts'

/**
 * Below the range that the kernel uses for outgoing connections, so that no connection gets such a
 * port by chance.
 */
const PORTS = { first: 20_000, count: 12_000 }

/** Where ports are reserved: a loopback address on which none of our servers listens. */
const RESERVATIONS = '127.0.0.2'

/**
 * A port on 127.0.0.1, for TCP or UDP, that no other process gets before this one ends, also while
 * its server is down. Specs run at the same time, and a port that is only found free may be taken before its
 * server listens on it. So it is reserved first by a UDP socket of that number, which the kernel
 * gives to one process only and releases when the process ends.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count)
    if ((await reserve(port)) && (await isFree(port))) return port
  }
}

async function reserve(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = createSocket('udp4')
  socket.once('error', () => resolve(false))
  socket.bind({ port, address: RESERVATIONS, exclusive: true }, () => {
    socket.unref()
    resolve(true)
  })
  return promise
}

/** A reserved port of 127.0.0.1, for a server of the simulated cloud. */
export async function freePlace(): Promise<HttpPlace> {
  const port = await freePort()
  return { host: '127.0.0.1', port, listen: (server) => listenOn(server, port) }
}

async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  return promise
}

/** For how long the copies of a socket in starting children may keep its port, ms. */
const PORT_KEPT_MS = 10_000

/**
 * Listens on a reserved port of 127.0.0.1. Spec files are threads of one process: a child that
 * another file starts holds a copy of each socket until its program begins, so a port may still be
 * in use for a moment after its server was closed. Throws EADDRINUSE when it stays in use.
 */
export async function listenOn(server: Server, port: number, keptMs = PORT_KEPT_MS): Promise<void> {
  const endMs = Date.now() + keptMs
  for (;;) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
    try {
      await promise
      return
    } catch (error) {
      if (!isInUse(error) || Date.now() > endMs) throw error
      await sleep(5)
    } finally {
      server.off('error', reject).off('listening', resolve)
    }
  }
}

const isInUse = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'

/** A directory of our own that is removed on disposal. */
export async function temporaryDirectory(
  name: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), `instance-ha-${name}-`))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/**
 * The full path of a program: as given, on PATH, or where distributions keep servers. Throws a text that
 * names what to install.
 */
export function program(name: string, debianPackage: string): string {
  if (isAbsolute(name)) return name
  const directories = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
  ]
  const found = directories
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path))
  if (found === undefined) {
    throw new Error(`${name} is not installed: apt-get install ${debianPackage}`)
  }
  return found
}

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number
  /** Its output so far. */
  output(): string
  signal(signal: NodeJS.Signals): void
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  /** null while it runs, and when a signal has ended it. */
  exitStatus(): number | null
}

interface StartOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Ready when its output matches; undefined: at once. */
  readonly ready?: RegExp
  readonly readyTimeoutMs?: number
  /** The signal that asks it to stop. SIGKILL follows after five seconds. */
  readonly stopSignal?: NodeJS.Signals
}

/** Starts a server that ends with this process, and waits until it is ready. */
export async function startServer(options: StartOptions): Promise<ServerProcess> {
  const child = spawnWithParent(options)
  let text = ''
  const ended = Promise.withResolvers<void>()
  const ready = Promise.withResolvers<void>()
  const collect = (chunk: Buffer): void => {
    text = (text + chunk.toString('utf8')).slice(-200_000)
    if (options.ready?.test(text) === true) ready.resolve()
  }
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  child.once('error', ready.reject)
  child.once('exit', (code, signal) => {
    ended.resolve()
    ready.reject(
      new Error(`${options.command} ended (${code ?? signal}) before it was ready:\n${text}`),
    )
  })
  if (options.ready === undefined) ready.resolve()
  const timer = setTimeout(
    () => ready.reject(new Error(`${options.command} is not ready in time:\n${text}`)),
    options.readyTimeoutMs ?? 60_000,
  )
  const server: ServerProcess = {
    pid: child.pid ?? -1,
    output: () => text,
    signal: (signal) => void child.kill(signal),
    ended: ended.promise,
    exitStatus: () => child.exitCode,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGCONT')
      child.kill(options.stopSignal ?? 'SIGTERM')
      const killer = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended.promise
      clearTimeout(killer)
    },
  }
  try {
    await ready.promise
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
  return server
}

const hasSetpriv = spawnSync('setpriv', ['--version']).status === 0

function spawnWithParent(options: StartOptions): ChildProcess {
  const command = hasSetpriv ? 'setpriv' : options.command
  const args = hasSetpriv
    ? ['--pdeathsig', 'KILL', options.command, ...options.args]
    : [...options.args]
  return spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
}
