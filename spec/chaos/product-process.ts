/** One process of the product under a supervisor that starts it again after a second, as systemd does. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const RESTART_MS = 1000
const READY = /instance-ha runs/

/** How a process was started. */
export interface Launch {
  readonly node: string
  readonly role: string
  readonly configuration: string
  readonly flags: readonly string[]
  /** Where its configuration is. */
  readonly directory: string
  /** Where its log is kept. */
  readonly logs: string
}

/** One life of the process, from a start to its end. */
export interface Life {
  readonly pid: number
  readonly startedAtMs: number
  endedAtMs: number | undefined
  /** How it ended, when nobody has sent a signal to it. */
  unexpected: string | undefined
}

export class ProductProcess implements AsyncDisposable {
  readonly node: string
  readonly role: string
  readonly lives: Life[] = []
  readonly #launch: Launch
  readonly #log: WriteStream
  #child: ChildProcess | undefined
  #wanted: 'up' | 'down' = 'up'
  #isFrozen = false
  #isSignalled = false
  readonly #ready = Promise.withResolvers<void>()

  private constructor(launch: Launch) {
    this.node = launch.node
    this.role = launch.role
    this.#launch = launch
    this.#log = createWriteStream(join(launch.logs, `${launch.node}.log`), { flags: 'a' })
  }

  /** Starts it. */
  static async start(launch: Launch): Promise<ProductProcess> {
    const started = new ProductProcess(launch)
    await writeFile(started.#file, launch.configuration, { mode: 0o600 })
    started.#spawn()
    return started
  }

  /** Resolves when its first life runs; throws when that takes too long. */
  async ready(withinMs: number): Promise<void> {
    const ending = new AbortController()
    const late = async (): Promise<never> => {
      await sleep(withinMs, undefined, { signal: ending.signal })
      throw new Error(`${this.node} does not run: see its log in ${this.#launch.logs}`)
    }
    const waiting = late()
    waiting.catch(() => undefined)
    try {
      await Promise.race([this.#ready.promise, waiting])
    } finally {
      ending.abort()
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get isFrozen(): boolean {
    return this.#isFrozen
  }

  /** Whether its present life is that old. */
  livesFor(forMs: number): boolean {
    const life = this.lives.at(-1)
    if (life === undefined || life.endedAtMs !== undefined) return false
    return performance.now() - life.startedAtMs >= forMs
  }

  /** Ends it at once. The supervisor starts it again. */
  kill(): void {
    this.#signal('SIGKILL')
  }

  /** Asks it to end. The supervisor starts it again. */
  terminate(): void {
    this.#signal('SIGTERM')
  }

  freeze(): void {
    this.#isFrozen = true
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#isFrozen = false
    this.#child?.kill('SIGCONT')
  }

  /** Sets its wall clock ahead, or back again. */
  stepClock(): void {
    this.#signal('SIGUSR2')
  }

  /** Its machine has lost its power: it ends at once, and does not start. */
  cutPower(): void {
    this.#wanted = 'down'
    this.#isFrozen = false
    this.#signal('SIGKILL')
  }

  /** Its machine has power again. */
  powerOn(): void {
    if (this.#wanted === 'up') return
    this.#wanted = 'up'
    if (this.#child === undefined) this.#spawn()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wanted = 'down'
    this.thaw()
    this.#signal('SIGTERM')
    const deadlineMs = performance.now() + 10_000
    while (this.#child !== undefined) {
      if (performance.now() > deadlineMs) this.#signal('SIGKILL')
      await sleep(20)
    }
    this.#log.end()
  }

  get #file(): string {
    return join(this.#launch.directory, `${this.node}.conf`)
  }

  #signal(signal: NodeJS.Signals): void {
    this.#isSignalled = true
    this.#child?.kill(signal)
  }

  #spawn(): void {
    const words = [
      process.execPath,
      ...this.#launch.flags,
      'ops/cli.ts',
      'run',
      '--config',
      this.#file,
    ]
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const life: Life = {
      pid: child.pid ?? -1,
      startedAtMs: performance.now(),
      endedAtMs: undefined,
      unexpected: undefined,
    }
    this.#child = child
    this.#isSignalled = false
    this.lives.push(life)
    const take = (chunk: Buffer): void => {
      this.#log.write(chunk)
      if (READY.test(chunk.toString())) this.#ready.resolve()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    if (this.#isFrozen) child.kill('SIGSTOP')
    child.once('exit', (code, signal) => {
      life.endedAtMs = performance.now()
      if (!this.#isSignalled) life.unexpected = `ended with ${code ?? signal}`
      this.#log.write(`--- ended with ${code ?? signal}\n`)
      this.#child = undefined
      setTimeout(() => this.#again(), RESTART_MS)
    })
  }

  #again(): void {
    if (this.#wanted === 'up' && this.#child === undefined) this.#spawn()
  }
}
