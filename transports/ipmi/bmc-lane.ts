/** All traffic with one BMC: one session, one command in flight, a pause between commands, power-off first. */
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'
import type { PowerState } from '../../actors/ports/power.ts'
import type { BmcSettings } from '../../schema/control-attributes.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import type { IpmitoolShell } from './ipmitool-shell.ts'
import { commandFailure, isPowerOffAccepted, parseChassisStatus } from './parse-chassis-status.ts'

/** What may be asked of a BMC. */
export type OrderKind = 'read' | 'off'

/** What a lane needs from the port that owns it. */
export interface LaneOptions {
  readonly clock: ClockPort
  readonly minimumSpacingMs: number
  /** Longest time for one order, the opening of a session and one retry included; waiting is extra. */
  readonly commandTimeoutMs: number
  /** Opens a session; the signal ends an opening that is under way. */
  startShell(bmc: BmcSettings, timeoutMs: number, signal: AbortSignal): Promise<IpmitoolShell>
  /** Called when nothing happened for so long that the lane may be forgotten. */
  retire(): void
}

/** One order and who waits for it. */
interface Order {
  readonly kind: OrderKind
  readonly bmc: BmcSettings
  readonly answer: PromiseWithResolvers<PowerState>
}

interface KeptSession {
  readonly bmc: BmcSettings
  readonly shell: IpmitoolShell
  readonly refusals: number
}

interface Refusal {
  readonly bmc: BmcSettings
  readonly error: CodedError
  readonly untilMs: number
}

/** Orders of one kind that may wait; further ones are refused, because their answers would be late anyway. */
const WAITING_MAX = 8
/** A power-off, and the reads that verify it, wait no longer than this. */
const URGENT_SPACING_MS = 1000
const VERIFY_WINDOW_MS = 60_000
const IDLE_CLOSE_MS = 60_000
/** BMCs end idle sessions after 30 s or more; a power-off does not try one that is so old. */
const FRESH_SESSION_MS = 25_000
/** BMCs lock accounts and addresses after a few wrong passwords. */
const REFUSED_PAUSE_MS = 30_000
const REFUSALS_MAX = 2

/** Orders to one BMC, one after the other. */
export class BmcLane {
  readonly #options: LaneOptions
  readonly #waiting: Order[] = []
  #session: KeptSession | undefined
  #refusal: Refusal | undefined
  #working: Promise<void> | undefined
  #closing: Promise<void> = Promise.resolve()
  readonly #end = new AbortController()
  #lastEndedMs = Number.NEGATIVE_INFINITY
  #urgentUntilMs = Number.NEGATIVE_INFINITY
  #wake: () => void = () => undefined
  #cancelIdle: Cancel = () => undefined

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** Queues an order. Aborting it before its turn removes it; later it only stops the waiting. */
  order(kind: OrderKind, bmc: BmcSettings, signal?: AbortSignal): Promise<PowerState> {
    signal?.throwIfAborted()
    this.#end.signal.throwIfAborted()
    if (this.#waiting.filter((order) => order.kind === kind).length >= WAITING_MAX) {
      throw new CodedError('POWER_COMMAND_FAILED', `${WAITING_MAX} orders wait for the BMC already`)
    }
    const order: Order = { kind, bmc, answer: Promise.withResolvers() }
    const abort = (): void => {
      this.#drop(order)
      order.answer.reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    this.#waiting.push(order)
    this.#wake()
    this.#working ??= this.#work()
    return order.answer.promise.finally(() => signal?.removeEventListener('abort', abort))
  }

  /** Refuses what waits, and ends the session. */
  async close(): Promise<void> {
    const reason = new CodedError('POWER_UNAVAILABLE', 'we are shutting down')
    this.#end.abort(reason)
    this.#cancelIdle()
    for (const order of this.#waiting.splice(0)) order.answer.reject(reason)
    this.#wake()
    if (this.#working !== undefined) {
      await this.#session?.shell.kill()
      await this.#working
      this.#cancelIdle()
    }
    await this.#closing
    await this.#endSession('close')
  }

  async #work(): Promise<void> {
    this.#cancelIdle()
    await this.#closing
    while (this.#waiting.length > 0) {
      await this.#pause()
      const order = this.#next()
      if (order === undefined) continue
      try {
        order.answer.resolve(await this.#perform(order))
      } catch (error) {
        order.answer.reject(error)
      }
      this.#lastEndedMs = this.#options.clock.monotonicMs()
    }
    this.#working = undefined
    this.#cancelIdle = this.#options.clock.schedule(IDLE_CLOSE_MS, () => {
      this.#closing = this.#endIdleSession()
    })
  }

  async #endIdleSession(): Promise<void> {
    await this.#endSession('close')
    if (this.#working === undefined) this.#options.retire()
  }

  /** Waits until the next order may be sent; a power-off that arrives meanwhile shortens the wait. */
  async #pause(): Promise<void> {
    const { clock, minimumSpacingMs } = this.#options
    while (this.#waiting.length > 0) {
      const urgent = clock.monotonicMs() < this.#urgentUntilMs || this.#waiting.some(isOff)
      const spacingMs = urgent ? Math.min(minimumSpacingMs, URGENT_SPACING_MS) : minimumSpacingMs
      const waitMs = this.#lastEndedMs + spacingMs - clock.monotonicMs()
      if (waitMs <= 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const cancel = clock.schedule(waitMs, resolve)
      await promise
      cancel()
    }
  }

  #next(): Order | undefined {
    const order = this.#waiting.find(isOff) ?? this.#waiting[0]
    if (order !== undefined) this.#drop(order)
    return order
  }

  #drop(order: Order): void {
    const index = this.#waiting.indexOf(order)
    if (index >= 0) this.#waiting.splice(index, 1)
    this.#wake()
  }

  async #perform({ kind, bmc }: Order): Promise<PowerState> {
    const startedMs = this.#options.clock.monotonicMs()
    const remainingMs = (): number =>
      Math.max(1, startedMs + this.#options.commandTimeoutMs - this.#options.clock.monotonicMs())
    if (kind === 'off') this.#urgentUntilMs = startedMs + VERIFY_WINDOW_MS
    else this.#throwWhileRefused(bmc)
    const kept = await this.#keptSession(kind, bmc)
    if (kept !== undefined) {
      try {
        return await this.#send(kind, kept, remainingMs())
      } catch (error) {
        // The session may have died of idleness: reading again in a new one is harmless.
        if (kind === 'off' || !isCoded(error, 'POWER_UNREACHABLE')) throw error
      }
    }
    this.#end.signal.throwIfAborted()
    return this.#send(kind, await this.#openSession(bmc, remainingMs()), remainingMs())
  }

  /** The open session, unless it belongs to other settings or is too doubtful for a power-off. */
  async #keptSession(kind: OrderKind, bmc: BmcSettings): Promise<KeptSession | undefined> {
    if (this.#session === undefined) return undefined
    if (!sameLogin(this.#session.bmc, bmc)) await this.#endSession('close')
    else if (kind === 'off' && this.#idleMs() > FRESH_SESSION_MS) await this.#endSession('kill')
    return this.#session
  }

  #idleMs(): number {
    return this.#options.clock.monotonicMs() - this.#lastEndedMs
  }

  async #openSession(bmc: BmcSettings, timeoutMs: number): Promise<KeptSession> {
    try {
      const shell = await this.#options.startShell(bmc, timeoutMs, this.#end.signal)
      this.#refusal = undefined
      this.#session = { bmc, shell, refusals: 0 }
      return this.#session
    } catch (error) {
      if (isCoded(error, 'POWER_MISCONFIGURED')) {
        const untilMs = this.#options.clock.monotonicMs() + REFUSED_PAUSE_MS
        this.#refusal = { bmc, error, untilMs }
      }
      throw error
    }
  }

  #throwWhileRefused(bmc: BmcSettings): void {
    const refusal = this.#refusal
    if (refusal === undefined || !sameLogin(refusal.bmc, bmc)) return
    if (this.#options.clock.monotonicMs() < refusal.untilMs) throw refusal.error
  }

  async #send(kind: OrderKind, session: KeptSession, timeoutMs: number): Promise<PowerState> {
    try {
      const reply = await session.shell.command(COMMANDS[kind].line, timeoutMs)
      const state = COMMANDS[kind].parse(reply)
      if (state === undefined) throw commandFailure(reply)
      this.#session = { ...session, refusals: 0 }
      return state
    } catch (error) {
      const refusals = session.refusals + 1
      this.#session = { ...session, refusals }
      if (isCoded(error, 'POWER_UNREACHABLE')) await this.#endSession('kill')
      else if (refusals >= REFUSALS_MAX) await this.#endSession('close')
      throw error
    }
  }

  async #endSession(how: 'close' | 'kill'): Promise<void> {
    const shell = this.#session?.shell
    this.#session = undefined
    await (how === 'close' ? shell?.close() : shell?.kill())
  }
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

const isOff = (order: Order): boolean => order.kind === 'off'

const sameLogin = (one: BmcSettings, other: BmcSettings): boolean =>
  one.username === other.username &&
  one.cipherSuite === other.cipherSuite &&
  one.password.reveal() === other.password.reveal()
