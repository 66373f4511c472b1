/**
 * Runs ClusterLabs fence agents and commands of the operators as child processes. Both speak the
 * agents' protocol: `key=value` lines on standard input; the answer to `status` is the line
 * `Status: ON` with exit status 0, or `Status: OFF` with exit status 2; `off` ends with exit status
 * 0 when it was carried out.
 */
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { FenceAgentPort, FenceProgram } from '../../actors/ports/fence-agent.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import { redactorOf } from '../../schema/redaction.ts'
import { inputOf } from './program-input.ts'
import { lastWords, refusalOf, stateOf, type Outcome } from './program-answer.ts'
import { runProgram } from './run-program.ts'

interface FenceAgentOptions {
  readonly clock: ClockPort
  /** The directory of the programs of each kind. No other directory is used. */
  readonly directories: Readonly<Record<FenceProgram['kind'], string>>
}

/** Names become part of a path, so only a plain file name is accepted. */
const PLAIN_NAME = /^[a-z0-9][a-z0-9_-]*$/

/** Opens the port. Its disposal ends running programs. */
export function openFenceAgents(options: FenceAgentOptions): FenceAgentPort & AsyncDisposable {
  const ending = new AbortController()
  const running = new Set<Promise<Outcome>>()
  const run = async (
    program: FenceProgram,
    action: 'off' | 'status',
    signal: AbortSignal | undefined,
  ): Promise<Outcome> => {
    const input = inputOf(program, action)
    const path = await executable(options, program)
    const signals = signal === undefined ? [ending.signal] : [signal, ending.signal]
    const order = { path, input, timeoutMs: program.timeoutMs }
    const outcome = runProgram(options.clock, order, AbortSignal.any(signals))
    running.add(outcome)
    try {
      return await outcome
    } catch (cause) {
      if (!isCoded(cause, 'POWER_UNREACHABLE', 'POWER_UNAVAILABLE') || ending.signal.aborted)
        throw cause
      throw new CodedError(cause.code, `${program.name} ${action}: ${cause.message}`, { cause })
    } finally {
      running.delete(outcome)
    }
  }
  return {
    async read(program, signal) {
      const outcome = await run(program, 'status', signal)
      const answer = stateOf(outcome)
      if (answer.kind === 'state') return answer.power
      throw failed(program, `status: it ${answer.why}`, outcome)
    },
    async off(program, signal) {
      const outcome = await run(program, 'off', signal)
      const refusal = refusalOf(outcome)
      if (refusal !== undefined) throw failed(program, `off: it ${refusal}`, outcome)
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

/** An error with the program's last words, from which all option values are removed. */
function failed({ name, options }: FenceProgram, what: string, outcome: Outcome): CodedError {
  const redact = redactorOf([...options.values()].map((secret) => secret.reveal()))
  const words = lastWords(outcome, redact)
  const said = words === '' ? 'it said nothing' : `it said: ${words}`
  return new CodedError('POWER_COMMAND_FAILED', `${name} ${what}; ${said}`)
}
