/** The one session with a BMC: opened when it is needed, kept, and replaced when it no longer answers. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { PowerState } from '../../actors/ports/power.ts'
import type { BmcSettings } from '../../schema/control-attributes.ts'
import { isCoded, type CodedError } from '../../schema/errors.ts'
import { redactorOf } from '../../schema/redaction.ts'
import type { IpmitoolShell } from './ipmitool-shell.ts'
import { commandFailure, isPowerOffAccepted, parseChassisStatus } from './parse-chassis-status.ts'

/** What may be asked of a BMC. */
export type OrderKind = 'read' | 'off'

/** What a session needs from the port that owns it. */
export interface SessionOptions {
  readonly clock: ClockPort
  /** Longest time for one order, the opening of a session and one retry included. */
  readonly commandTimeoutMs: number
  /** Opens a session; the signal ends an opening that is under way. */
  startShell(bmc: BmcSettings, timeoutMs: number, signal: AbortSignal): Promise<IpmitoolShell>
}

interface Kept {
  readonly bmc: BmcSettings
  readonly shell: IpmitoolShell
  /** Commands in a row that did not succeed. */
  failures: number
  usedMs: number
}

interface Refusal {
  readonly bmc: BmcSettings
  readonly error: CodedError
  readonly untilMs: number
}

interface Command {
  readonly line: string
  /** Undefined when the reply does not say that it worked. */
  parse(reply: string): PowerState | undefined
}

const COMMANDS: Readonly<Record<OrderKind, Command>> = {
  read: { line: 'power status', parse: parseChassisStatus },
  off: { line: 'power off', parse: (reply) => (isPowerOffAccepted(reply) ? 'off' : undefined) },
}

/** BMCs end idle sessions after 30 s or more; a power-off does not try one that is nearly so old. */
const FRESH_SESSION_MS = 25_000
/** BMCs lock accounts and addresses after a few wrong passwords. */
const REFUSED_PAUSE_MS = 30_000
const FAILURES_MAX = 2

/** Carries out orders; the caller sees to it that there is one at a time. */
export class BmcSession {
  readonly #options: SessionOptions
  readonly #ending: AbortSignal
  #kept: Kept | undefined
  #refusal: Refusal | undefined

  /** Once the signal is aborted, nothing is opened any more. */
  constructor(options: SessionOptions, ending: AbortSignal) {
    this.#options = options
    this.#ending = ending
  }

  /** Carries out one order. POWER_UNREACHABLE, POWER_MISCONFIGURED, POWER_COMMAND_FAILED, POWER_UNAVAILABLE. */
  async perform(kind: OrderKind, bmc: BmcSettings): Promise<PowerState> {
    const deadlineMs = this.#nowMs() + this.#options.commandTimeoutMs
    const remainingMs = (): number => Math.max(1, deadlineMs - this.#nowMs())
    if (kind === 'read') this.#throwWhileRefused(bmc)
    await this.#endUnfit(kind, bmc)
    if (this.#kept !== undefined) {
      try {
        return await this.#send(kind, this.#kept, remainingMs())
      } catch (error) {
        // The session may have died of idleness: reading again in a new one is harmless.
        if (kind === 'off' || !isCoded(error, 'POWER_UNREACHABLE')) throw error
      }
    }
    this.#ending.throwIfAborted()
    return this.#send(kind, await this.#open(bmc, remainingMs()), remainingMs())
  }

  /** Ends the session in good order. */
  async close(): Promise<void> {
    const shell = this.#kept?.shell
    this.#kept = undefined
    await shell?.close()
  }

  /** Ends the session at once, a command in flight included. */
  async kill(): Promise<void> {
    const shell = this.#kept?.shell
    this.#kept = undefined
    await shell?.kill()
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }

  #throwWhileRefused(bmc: BmcSettings): void {
    const refusal = this.#refusal
    if (refusal === undefined || !isSameLogin(refusal.bmc, bmc)) return
    if (this.#nowMs() < refusal.untilMs) throw refusal.error
  }

  /** Ends a session that belongs to other settings, or is too doubtful for a power-off. */
  async #endUnfit(kind: OrderKind, bmc: BmcSettings): Promise<void> {
    if (this.#kept === undefined) return
    if (!isSameLogin(this.#kept.bmc, bmc)) await this.close()
    else if (kind === 'off' && this.#nowMs() - this.#kept.usedMs > FRESH_SESSION_MS) {
      await this.kill()
    }
  }

  async #open(bmc: BmcSettings, timeoutMs: number): Promise<Kept> {
    try {
      const shell = await this.#options.startShell(bmc, timeoutMs, this.#ending)
      this.#refusal = undefined
      this.#kept = { bmc, shell, failures: 0, usedMs: this.#nowMs() }
      return this.#kept
    } catch (error) {
      if (isCoded(error, 'POWER_MISCONFIGURED')) {
        this.#refusal = { bmc, error, untilMs: this.#nowMs() + REFUSED_PAUSE_MS }
      }
      throw error
    }
  }

  async #send(kind: OrderKind, kept: Kept, timeoutMs: number): Promise<PowerState> {
    try {
      const reply = await kept.shell.command(COMMANDS[kind].line, timeoutMs)
      const state = COMMANDS[kind].parse(reply)
      if (state === undefined) throw commandFailure(redactorOf([kept.bmc.password.reveal()])(reply))
      kept.failures = 0
      return state
    } catch (error) {
      kept.failures += 1
      if (isCoded(error, 'POWER_UNREACHABLE')) await this.kill()
      else if (kept.failures >= FAILURES_MAX) await this.close()
      throw error
    } finally {
      kept.usedMs = this.#nowMs()
    }
  }
}

const isSameLogin = (one: BmcSettings, other: BmcSettings): boolean =>
  one.username === other.username &&
  one.cipherSuite === other.cipherSuite &&
  one.password.reveal() === other.password.reveal()
