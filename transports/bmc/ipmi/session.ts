/** The only IPMI session with a BMC: opened when it is needed, kept, and replaced when it does not answer any more. */
import type { ClockPort } from '../../../actors/ports/clock.ts'
import type { PowerState } from '../../../actors/ports/power.ts'
import type { IpmiSettings } from '../../../schema/control-attributes.ts'
import { isCoded, type CodedError } from '../../../schema/errors.ts'
import { redactorOf } from '../../../schema/redaction.ts'
import type { BmcSession, OrderKind } from '../session.ts'
import type { IpmitoolShell } from './ipmitool-shell.ts'
import { commandFailure, isPowerOffAccepted, parseChassisStatus } from './parse-chassis-status.ts'

/** What a session needs from the port that owns it. */
export interface IpmiSessionOptions {
  readonly clock: ClockPort
  /** Longest time for one order, the opening of a session and one retry included. */
  readonly commandTimeoutMs: number
  /** Opens a session; the signal ends an opening that is under way. */
  startShell(bmc: IpmiSettings, timeoutMs: number, signal: AbortSignal): Promise<IpmitoolShell>
  /** Called for each session that is opened. */
  readonly noteSession: () => void
}

interface Kept {
  readonly bmc: IpmiSettings
  readonly shell: IpmitoolShell
  /** Commands in a row that did not succeed. */
  failures: number
  usedMs: number
}

interface Refusal {
  readonly bmc: IpmiSettings
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

/** Carries out orders through an ipmitool process that keeps running. */
export class IpmiSession implements BmcSession<IpmiSettings> {
  readonly #options: IpmiSessionOptions
  readonly #ending: AbortSignal
  #kept: Kept | undefined
  #refusal: Refusal | undefined

  /** Once the signal is aborted, nothing is opened any more. */
  constructor(options: IpmiSessionOptions, ending: AbortSignal) {
    this.#options = options
    this.#ending = ending
  }

  /** Carries out one order. POWER_UNREACHABLE, POWER_MISCONFIGURED, POWER_COMMAND_FAILED, POWER_UNAVAILABLE. */
  async perform(kind: OrderKind, bmc: IpmiSettings): Promise<PowerState> {
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
    return this.#send(kind, await this.#open(bmc, remainingMs), remainingMs())
  }

  isOpen(): boolean {
    return this.#kept !== undefined
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

  #throwWhileRefused(bmc: IpmiSettings): void {
    const refusal = this.#refusal
    if (refusal === undefined || !isSameLogin(refusal.bmc, bmc)) return
    if (this.#nowMs() < refusal.untilMs) throw refusal.error
  }

  /** Ends a session that belongs to other settings, or is too doubtful for a power-off. */
  async #endUnfit(kind: OrderKind, bmc: IpmiSettings): Promise<void> {
    if (this.#kept === undefined) return
    if (!isSameLogin(this.#kept.bmc, bmc)) await this.close()
    else if (kind === 'off' && this.#nowMs() - this.#kept.usedMs > FRESH_SESSION_MS) {
      await this.kill()
    }
  }

  /** A damaged datagram looks like a refusal: the first one of a login is believed when the BMC repeats it. */
  async #open(bmc: IpmiSettings, remainingMs: () => number): Promise<Kept> {
    const isRepeated = this.#refusal !== undefined && isSameLogin(this.#refusal.bmc, bmc)
    try {
      return await this.#start(bmc, remainingMs())
    } catch (error) {
      if (isRepeated || !isCoded(error, 'POWER_MISCONFIGURED')) throw error
    }
    return this.#start(bmc, remainingMs())
  }

  async #start(bmc: IpmiSettings, timeoutMs: number): Promise<Kept> {
    try {
      const shell = await this.#options.startShell(bmc, timeoutMs, this.#ending)
      this.#options.noteSession()
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
      if (state === undefined) {
        const said = redactorOf([kept.bmc.password.reveal()])(reply)
        throw commandFailure(said, kept.bmc)
      }
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

const isSameLogin = (one: IpmiSettings, other: IpmiSettings): boolean =>
  one.username === other.username &&
  one.cipherSuite === other.cipherSuite &&
  one.privilege === other.privilege &&
  one.password.reveal() === other.password.reveal()
