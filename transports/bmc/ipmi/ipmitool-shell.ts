/** One `ipmitool … shell` in a pseudo-terminal: one session with one BMC, one command in flight. */
import type { ClockPort } from '../../../actors/ports/clock.ts'
import type { IpmiSettings } from '../../../schema/control-attributes.ts'
import { CodedError } from '../../../schema/errors.ts'
import { sessionFailure } from './session-failure.ts'

/** What we use of node-pty. */
export type PtyLibrary = Pick<typeof import('node-pty'), 'spawn'>

/** An open session. */
export interface IpmitoolShell {
  /** Sends one line and gives what was printed up to the next prompt, without the echo. */
  command(line: string, timeoutMs: number): Promise<string>
  /** Ends the session in good order, or the process after a second. */
  close(): Promise<void>
  /** Ends the process at once; the BMC forgets the session by itself later. */
  kill(): Promise<void>
}

interface ShellOptions {
  readonly pty: PtyLibrary
  readonly clock: ClockPort
  /** HOME of the child, with a short list of enterprise numbers. */
  readonly home: string
  readonly bmc: IpmiSettings
  /** Longest wait for the first prompt. */
  readonly timeoutMs: number
  /** Ends an opening that is under way. */
  readonly signal: AbortSignal
}

const PROMPT = 'ipmitool> '
const OUTPUT_CHARACTERS_MAX = 64_000
const CLOSE_GRACE_MS = 1000

/** Starts ipmitool and opens its session. Every error code is POWER_*. */
export async function startIpmitoolShell(options: ShellOptions): Promise<IpmitoolShell> {
  const { clock } = options
  options.signal.throwIfAborted()
  const child = spawnIpmitool(options)
  const ended = Promise.withResolvers<void>()
  let running = true
  let output = ''
  let waiter: PromiseWithResolvers<string> | undefined
  const take = (): string => {
    const text = output.replaceAll('\r\n', '\n')
    output = ''
    return text
  }
  child.onData((text) => {
    output = (output + text).slice(-OUTPUT_CHARACTERS_MAX)
    if (output.endsWith(PROMPT)) waiter?.resolve(take())
  })
  child.onExit(() => {
    running = false
    ended.resolve()
    waiter?.reject(sessionFailure(take(), options.bmc))
  })
  const killChild = (): void => {
    if (running) child.kill('SIGKILL')
  }
  const untilPrompt = async (timeoutMs: number): Promise<string> => {
    waiter = Promise.withResolvers<string>()
    const timedOut = waiter.reject
    const cancel = clock.schedule(timeoutMs, () => {
      timedOut(new CodedError('POWER_UNREACHABLE', 'no answer in time'))
      killChild()
    })
    try {
      return await waiter.promise
    } finally {
      cancel()
      waiter = undefined
    }
  }
  const shell: IpmitoolShell = {
    async command(line, timeoutMs) {
      if (!running) throw new CodedError('POWER_UNREACHABLE', 'the session has ended')
      output = ''
      child.write(`${line}\n`)
      const reply = await untilPrompt(timeoutMs)
      return reply.slice(reply.indexOf('\n') + 1, -PROMPT.length)
    },
    async close() {
      if (running) child.write('exit\n')
      const cancel = clock.schedule(CLOSE_GRACE_MS, () => killChild())
      await ended.promise
      cancel()
    },
    async kill() {
      killChild()
      await ended.promise
    },
  }
  options.signal.addEventListener('abort', killChild)
  try {
    await untilPrompt(options.timeoutMs)
    return shell
  } finally {
    options.signal.removeEventListener('abort', killChild)
  }
}

/** node-pty leaves its terminals open to later children: closes what belongs to others, then becomes the command. */
const WITHOUT_DESCRIPTORS = `
for path in /proc/self/fd/*; do
  fd=\${path##*/}
  if [[ $fd =~ ^[0-9]+$ ]] && (( fd > 2 )); then exec {fd}>&-; fi
done
exec "$@"`

function spawnIpmitool({ pty, home, bmc }: ShellOptions): ReturnType<PtyLibrary['spawn']> {
  const target = ['-H', bmc.address, '-p', String(bmc.port), '-U', bmc.username]
  const suite = ['-C', String(bmc.cipherSuite)]
  const level = ['-L', bmc.privilege]
  const retries = ['-N', '1', '-R', '2'] // three tries of a second each
  const launcher = ['--noprofile', '--norc', '-c', WITHOUT_DESCRIPTORS, 'bash']
  const orphanEnds = ['setpriv', '--pdeathsig', 'KILL']
  const session = [...suite, ...target, ...level, '-E', ...retries]
  const args = ['ipmitool', '-v', '-I', 'lanplus', ...session, 'shell']
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    TERM: 'dumb',
    LC_ALL: 'C',
    INPUTRC: '/dev/null',
    IPMI_PASSWORD: bmc.password.reveal(),
  }
  try {
    return pty.spawn('bash', [...launcher, ...orphanEnds, ...args], { cols: 200, env })
  } catch (cause) {
    throw new CodedError('POWER_COMMAND_FAILED', 'no pseudo-terminal for ipmitool', { cause })
  }
}
