/**
 * ClusterLabs fence agents and commands of the operators as child processes. Both speak the agents' protocol: `key=value`
 * lines on standard input, and for `status` an exit status of 0 (on) or 2 (off).
 */
import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { FenceAgentPort, FenceProgram } from '../../actors/ports/fence-agent.ts'
import { CodedError } from '../../schema/errors.ts'

interface FenceAgentOptions {
  readonly clock: ClockPort
  /** Where the programs of each kind are, and nowhere else. */
  readonly directories: Readonly<Record<FenceProgram['kind'], string>>
}

/** How a run ended; the status is null when a signal ended it. */
interface Outcome {
  readonly status: number | null
  /** The last line that it printed, with every option's value taken out. */
  readonly said: string
}

const STATUS_ON = 0
const STATUS_OFF = 2
const OUTPUT_CHARACTERS_MAX = 8000
/** Names end up in a path: nothing but a plain file name may pass. */
const PLAIN_NAME = /^[a-z0-9][a-z0-9_-]*$/

/** Opens the port; disposal ends what is running. */
export function openFenceAgents(options: FenceAgentOptions): FenceAgentPort & AsyncDisposable {
  const ending = new AbortController()
  const running = new Set<Promise<Outcome>>()
  const run = async (
    program: FenceProgram,
    action: 'off' | 'status',
    signal: AbortSignal | undefined,
  ): Promise<Outcome> => {
    const path = await executable(options, program)
    const signals = signal === undefined ? [ending.signal] : [signal, ending.signal]
    const outcome = runProgram(options.clock, { path, program, action }, AbortSignal.any(signals))
    running.add(outcome)
    try {
      return await outcome
    } finally {
      running.delete(outcome)
    }
  }
  return {
    async read(program, signal) {
      const outcome = await run(program, 'status', signal)
      if (outcome.status === STATUS_OFF) return 'off'
      if (outcome.status === STATUS_ON) return 'on'
      throw failed(program, 'status', outcome)
    },
    async off(program, signal) {
      const outcome = await run(program, 'off', signal)
      if (outcome.status !== 0) throw failed(program, 'off', outcome)
    },
    async [Symbol.asyncDispose]() {
      ending.abort(new CodedError('POWER_UNAVAILABLE', 'fence agents are closed'))
      await Promise.allSettled(running)
    },
  }
}

async function executable(
  { directories }: FenceAgentOptions,
  { kind, name }: FenceProgram,
): Promise<string> {
  const path = join(directories[kind], name)
  try {
    if (!PLAIN_NAME.test(name)) throw new RangeError('not a plain name')
    await access(path, constants.X_OK)
    return path
  } catch (cause) {
    throw new CodedError('POWER_UNAVAILABLE', `there is no program ${path}`, { cause })
  }
}

interface Run {
  readonly path: string
  readonly program: FenceProgram
  readonly action: 'off' | 'status'
}

/** Nothing of the host is in the arguments, where every user of this machine could read it. */
async function runProgram(clock: ClockPort, run: Run, signal: AbortSignal): Promise<Outcome> {
  signal.throwIfAborted()
  const { path, program } = run
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', path], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // a group of its own, so that what it has started ends with it
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  })
  let output = ''
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_MAX)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  child.stdin.on('error', () => {}) // it ended without reading: its exit status says the rest
  const ended = Promise.withResolvers<number | null>()
  child.once('error', ended.reject)
  child.once('close', ended.resolve)
  child.stdin.end(inputOf(run))
  const kill = (): void => {
    if (child.pid !== undefined) killGroup(child.pid)
  }
  let late = false
  const cancel = clock.schedule(program.timeoutMs, () => {
    late = true
    kill()
  })
  signal.addEventListener('abort', kill, { once: true })
  try {
    const status = await ended.promise
    signal.throwIfAborted()
    if (late) throw new CodedError('POWER_UNREACHABLE', `${program.name} did not end in time`)
    return { status, said: lastLine(output, program) }
  } finally {
    cancel()
    signal.removeEventListener('abort', kill)
  }
}

const inputOf = ({ program, action }: Run): string =>
  [
    `action=${action}`,
    `nodename=${program.host}`,
    ...[...program.options].map(([key, value]) => `${key}=${value.reveal()}`),
    '',
  ].join('\n')

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself a moment ago.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function lastLine(output: string, { options }: FenceProgram): string {
  let line = output.trim().split('\n').at(-1) ?? ''
  for (const secret of options.values()) {
    const text = secret.reveal()
    if (text.length > 3) line = line.replaceAll(text, '***')
  }
  return line
}

const failed = ({ name }: FenceProgram, action: string, { status, said }: Outcome): CodedError =>
  new CodedError('POWER_COMMAND_FAILED', `${name} ${action} ended with ${status}: ${said}`)
