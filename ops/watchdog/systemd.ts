/**
 * Tells systemd how this process is (`Type=notify`, `WatchdogSec`): READY=1, STATUS=, WATCHDOG=1 and STOPPING=1. Node has no
 * datagram sockets of Unix, so systemd's own program sends the messages; the unit has `NotifyAccess=all` for that.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'
import type { LogPort } from '../../actors/ports/log.ts'

/** How a process is, for its service manager. */
export interface ServiceState {
  /** Its roles have begun their work. */
  readonly isReady: boolean
  /** A role can go on with its work; when none can, the process should be started anew. */
  readonly isAlive: boolean
  /** One sentence for `systemctl status`. */
  readonly sentence: string
}

/** Where distributions put the program. No other place is searched. */
const PROGRAMS = ['/usr/bin/systemd-notify', '/bin/systemd-notify']
const PROGRAM_MS_MAX = 5000
/** Until it is ready, and then the longest time that a new sentence waits. */
const STARTING_LOOK_MS = 1000
const LOOK_MS_MAX = 5000
const SENTENCE_CHARS_MAX = 200

/** The variables that systemd gives. */
export interface SystemdEnvironment {
  readonly socket: string
  /** Undefined: no watchdog. */
  readonly watchdogMs: number | undefined
}

/**
 * Takes the variables of the service manager out of the environment, so that no child of this process can speak for it.
 * Undefined when there is no service manager that listens.
 */
export function takeSystemdEnvironment(
  environment: NodeJS.ProcessEnv,
  pid: number,
): SystemdEnvironment | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds, WATCHDOG_PID: watched } = environment
  delete environment['NOTIFY_SOCKET']
  delete environment['WATCHDOG_USEC']
  delete environment['WATCHDOG_PID']
  if (socket === undefined || socket === '') return undefined
  const isOurs = watched === undefined || watched === String(pid)
  const watchdogMs = Number(microseconds) / 1000
  return { socket, watchdogMs: isOurs && watchdogMs > 0 ? watchdogMs : undefined }
}

interface Notifying {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly state: () => ServiceState
}

/** Begins to tell. Its disposal says that the process stops. */
export function notifySystemd(
  { socket, watchdogMs }: SystemdEnvironment,
  { clock, log, state }: Notifying,
): AsyncDisposable {
  const program = PROGRAMS.find((path) => existsSync(path))
  if (program === undefined) {
    log.warn(
      { programs: PROGRAMS },
      'systemd cannot be told how this process is: no systemd-notify',
    )
    return { [Symbol.asyncDispose]: async () => undefined }
  }
  const send = sender(program, socket, log)
  let wasReady = false
  let told = ''
  let cancel: Cancel
  const lookMs = Math.min(LOOK_MS_MAX, (watchdogMs ?? Infinity) / 2)
  const look = (): void => {
    const { isReady, isAlive, sentence } = state()
    const status = `STATUS=${sentence.replaceAll(/\s+/g, ' ').slice(0, SENTENCE_CHARS_MAX)}`
    const lines = [
      ...(isReady && !wasReady ? ['READY=1'] : []),
      ...(status === told ? [] : [status]),
      ...(isAlive && watchdogMs !== undefined ? ['WATCHDOG=1'] : []),
    ]
    wasReady ||= isReady
    told = status
    if (lines.length > 0) void send(lines)
    cancel = clock.schedule(wasReady ? lookMs : Math.min(lookMs, STARTING_LOOK_MS), look)
  }
  look()
  return {
    async [Symbol.asyncDispose]() {
      cancel()
      await send(['STOPPING=1', 'STATUS=stopping'])
    },
  }
}

/** Sends one message after the other, so that at most one program runs. */
function sender(program: string, socket: string, log: LogPort) {
  let latest: Promise<void> = Promise.resolve()
  let hasFailed = false
  const run = async (lines: readonly string[]): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<Error | null>()
    const options = { env: { NOTIFY_SOCKET: socket }, timeout: PROGRAM_MS_MAX }
    execFile(program, [...lines], options, resolve)
    const error = await promise
    if (error !== null && !hasFailed) {
      log.warn({ error: error.message }, 'systemd cannot be told how this process is')
    }
    hasFailed = error !== null
  }
  return (lines: readonly string[]): Promise<void> => {
    latest = latest.then(() => run(lines))
    return latest
  }
}
