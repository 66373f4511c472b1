/** Runs one program in a process group of its own, within a time and an amount of output, and never beyond our own end. */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { CodedError } from '../../schema/errors.ts'
import type { Outcome } from './program-answer.ts'

export interface ProgramRun {
  readonly path: string
  /** All that it is told: nothing is in its arguments, where every user of this machine could read it. */
  readonly input: string
  readonly timeoutMs: number
}

/**
 * Started before the program, in the same group. It closes what the program must not inherit (node-pty leaves the terminals
 * of ipmitool open to children), and leaves a watch beside it: our end of descriptor 3 closes when we end, even by SIGKILL,
 * and then the group is killed.
 */
const LAUNCHER = `
for path in /proc/self/fd/*; do
  fd=\${path##*/}
  if [[ $fd =~ ^[0-9]+$ ]] && (( fd > 3 )); then exec {fd}>&-; fi
done
exec 4<&0 </dev/null
"$@" <&4 3<&- 4<&- &
program=$!
exec 4<&- >/dev/null 2>&1
{ read -r -u 3; kill -KILL 0; } &
watch=$!
wait "$program"
status=$?
kill -KILL "$watch"
wait "$watch"
exit "$status"
`

/** An agent says some lines; verbose ones some hundred. */
const OUTPUT_CHARACTERS_MAX = 256 * 1024
/** What may still be read after the end, when a grandchild keeps the pipes open. */
const GRACE_MS = 500
/** bash adds 128 to the number of the signal that ended a program. */
const SIGNALS_ABOVE = 128

/** Runs it to its end. POWER_UNREACHABLE when its time is up, POWER_UNAVAILABLE when nothing can be started. */
export async function runProgram(
  clock: ClockPort,
  { path, input, timeoutMs }: ProgramRun,
  signal: AbortSignal,
): Promise<Outcome> {
  signal.throwIfAborted()
  const child = spawn('bash', ['--noprofile', '--norc', '-c', LAUNCHER, 'bash', path], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true, // a group of its own, so that what it has started ends with it
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  })
  const kill = (): void => killGroup(child)
  const output = collect(child, kill)
  const ended = endOf(child)
  child.stdin.on('error', () => {}) // it ended without reading: its answer says the rest
  child.stdin.end(input)
  let isLate = false
  const cancel = clock.schedule(timeoutMs, () => {
    isLate = true
    kill()
  })
  signal.addEventListener('abort', kill, { once: true })
  try {
    const status = await ended
    await drained(clock, child)
    signal.throwIfAborted()
    if (isLate) throw new CodedError('POWER_UNREACHABLE', 'it did not end in time')
    return { status, ...output() }
  } finally {
    cancel()
    signal.removeEventListener('abort', kill)
    kill()
    for (const stream of child.stdio) stream?.destroy()
  }
}

/** What was printed so far; too much of it ends the program. */
function collect(
  { stdout, stderr }: ChildProcess,
  kill: () => void,
): () => Omit<Outcome, 'status'> {
  const texts = { stdout: '', stderr: '' }
  let isCut = false
  const read = (stream: Readable | null, name: keyof typeof texts): void => {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      isCut ||= texts.stdout.length + texts.stderr.length + chunk.length > OUTPUT_CHARACTERS_MAX
      if (isCut) kill()
      else texts[name] += chunk
    })
  }
  read(stdout, 'stdout')
  read(stderr, 'stderr')
  return () => ({ ...texts, isCut })
}

/** The exit status, once the process is gone; null when a signal ended it. */
function endOf(child: ChildProcess): Promise<number | null> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', (cause) => {
    reject(new CodedError('POWER_UNAVAILABLE', 'bash cannot be started', { cause }))
  })
  child.once('exit', (status) => {
    resolve(status === null || status > SIGNALS_ABOVE ? null : status)
  })
  return promise
}

/** Waits until its output is read to the end, or no longer than the grace. */
async function drained(clock: ClockPort, { stdout, stderr }: ChildProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.schedule(GRACE_MS, resolve)
  await Promise.race([promise, Promise.all([closing(stdout), closing(stderr)])])
  cancel()
}

const closing = (stream: Readable | null): Promise<void> =>
  new Promise((done) => {
    if (stream === null || stream.closed) done()
    else stream.once('close', done)
  })

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself a moment ago, or what is left of it runs as another user.
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}
