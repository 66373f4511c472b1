/**
 * Runs one program in its own process group, with a limit of time and of output. The program ends
 * at the latest when our process ends.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { CodedError } from '../../schema/errors.ts'
import type { Outcome } from './program-answer.ts'

export interface ProgramRun {
  readonly path: string
  /**
   * All its input. Nothing is in its arguments, because every user of this machine could read them
   * there.
   */
  readonly input: string
  readonly timeoutMs: number
}

/**
 * Started before the program, in the same process group. It closes the descriptors that the program
 * must not inherit (node-pty leaves the terminals of ipmitool open to children). It also starts a
 * watching process: when our end of descriptor 3 closes, which happens even after SIGKILL, the
 * group is killed.
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

/** An agent prints some lines, a verbose one some hundred. */
const OUTPUT_CHARACTERS_MAX = 256 * 1024
/**
 * How long output is still read after the program's end, when a grandchild keeps the pipes open,
 * ms.
 */
const GRACE_MS = 500
/** bash adds 128 to the number of the signal that ended a program. */
const SIGNALS_ABOVE = 128

/**
 * Runs the program to its end. POWER_UNREACHABLE when its time is up, POWER_UNAVAILABLE when it
 * cannot be started.
 */
export async function runProgram(
  clock: ClockPort,
  { path, input, timeoutMs }: ProgramRun,
  signal: AbortSignal,
): Promise<Outcome> {
  signal.throwIfAborted()
  const child = spawn('bash', ['--noprofile', '--norc', '-c', LAUNCHER, 'bash', path], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true, // its own group, so that its children end with it
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  })
  const kill = (): void => killGroup(child)
  const output = collect(child, kill)
  const ended = endOf(child)
  child.stdin.on('error', () => {}) // it ended without reading; its answer shows why
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

/** Collects the output. Too much output ends the program. */
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

/** The exit status when the process has ended; null when a signal ended it. */
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

/** Waits until the output is read to its end, at most GRACE_MS. */
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
    // It has just ended by itself, or its remaining processes run as another user.
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}
