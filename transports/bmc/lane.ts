/** All orders to one BMC: one at a time, with a pause between them, power-off first. */
import { sleep, type Cancel, type ClockPort } from '../../actors/ports/clock.ts'
import type { PowerState } from '../../actors/ports/power.ts'
import { CodedError } from '../../schema/errors.ts'
import type { BmcMeter } from './meter.ts'
import type { SessionHolder, SessionPool } from './session-pool.ts'
import type { BmcSession, OrderKind } from './session.ts'

/** What a lane needs from the port that owns it. */
export interface LaneOptions<Settings> {
  readonly clock: ClockPort
  readonly pool: SessionPool
  readonly meter: BmcMeter
  readonly minimumSpacingMs: number
  /** After the signal is aborted, the session opens nothing any more. */
  openSession(ending: AbortSignal): BmcSession<Settings>
  /** Called when nothing happened for so long that the lane may be forgotten. */
  retire(): void
}

/** One order and the caller that waits for it. */
interface Order<Settings> {
  readonly kind: OrderKind
  readonly bmc: Settings
  readonly answer: PromiseWithResolvers<PowerState>
}

/** Orders of one kind that may wait; further ones are refused, because their answers would be late anyway. */
const WAITING_MAX = 8
/** A power-off, and the reads that verify it, wait no longer than this. */
export const URGENT_SPACING_MS = 1000
const VERIFY_WINDOW_MS = 60_000
const IDLE_CLOSE_MS = 60_000

/** Orders to one BMC, one after the other. */
export class BmcLane<Settings> implements SessionHolder {
  readonly #options: LaneOptions<Settings>
  readonly #end = new AbortController()
  readonly #session: BmcSession<Settings>
  readonly #waiting: Order<Settings>[] = []
  #working: Promise<void> | undefined
  #closing: Promise<void> = Promise.resolve()
  #lastEndedMs = Number.NEGATIVE_INFINITY
  #urgentUntilMs = Number.NEGATIVE_INFINITY
  #wake: () => void = () => undefined
  #cancelIdle: Cancel = () => undefined

  constructor(options: LaneOptions<Settings>) {
    this.#options = options
    this.#session = options.openSession(this.#end.signal)
  }

  /** Queues an order. Aborting it before its turn removes it; later it only ends the waiting. */
  order(kind: OrderKind, bmc: Settings, signal?: AbortSignal): Promise<PowerState> {
    signal?.throwIfAborted()
    this.#end.signal.throwIfAborted()
    if (this.#waiting.filter((order) => order.kind === kind).length >= WAITING_MAX) {
      throw new CodedError('POWER_COMMAND_FAILED', `${WAITING_MAX} orders wait for the BMC already`)
    }
    const order: Order<Settings> = { kind, bmc, answer: Promise.withResolvers() }
    const abort = (): void => {
      this.#drop(order)
      order.answer.reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    this.#waiting.push(order)
    this.#wake()
    if (kind === 'off') this.#options.pool.hurry(this)
    this.#working ??= this.#work()
    return order.answer.promise.finally(() => signal?.removeEventListener('abort', abort))
  }

  /** Whether the session is kept until the next order. */
  keepsSession(): boolean {
    return this.#options.pool.keeps(this)
  }

  /** Refuses what waits, and ends the session. */
  async close(): Promise<void> {
    const reason = new CodedError('POWER_UNAVAILABLE', 'we are shutting down')
    this.#end.abort(reason)
    for (const order of this.#waiting.splice(0)) order.answer.reject(reason)
    this.#wake()
    this.#options.pool.hurry(this)
    if (this.#working !== undefined) {
      await this.#session.kill()
      await this.#working
    }
    this.#cancelIdle()
    await this.closeIdle()
    this.#options.pool.leave(this, 'closed')
  }

  /** Closes the session, one order after the other. */
  closeIdle(): Promise<void> {
    this.#closing = this.#closing.then(() => this.#session.close())
    return this.#closing
  }

  async #work(): Promise<void> {
    const { pool, clock } = this.#options
    this.#cancelIdle()
    while (this.#waiting.length > 0) {
      await this.#pause()
      if (this.#waiting.length === 0) break
      await pool.enter(this, this.#waiting.some(isOff) ? 'at once' : 'may wait')
      await this.#closing
      const order = this.#next()
      const answer = order === undefined ? undefined : await this.#perform(order)
      pool.leave(this, this.#session.isOpen() ? 'open' : 'closed')
      answer?.() // the caller may ask at once whether the session is kept
    }
    this.#working = undefined
    this.#cancelIdle = clock.schedule(IDLE_CLOSE_MS, () => void this.#endIdle())
  }

  /** Carries out one order, and returns the function that answers the caller. */
  async #perform({ kind, bmc, answer }: Order<Settings>): Promise<() => void> {
    const { clock, meter } = this.#options
    const pauseMs = clock.monotonicMs() - this.#lastEndedMs
    meter.command(pauseMs, this.#isUrgent() || kind === 'off' ? 'urgent' : 'usual')
    if (kind === 'off') this.#urgentUntilMs = clock.monotonicMs() + VERIFY_WINDOW_MS
    try {
      const state = await this.#session.perform(kind, bmc)
      return () => answer.resolve(state)
    } catch (error) {
      return () => answer.reject(error)
    } finally {
      this.#lastEndedMs = clock.monotonicMs()
    }
  }

  async #endIdle(): Promise<void> {
    await this.closeIdle()
    if (this.#working !== undefined) return
    this.#options.pool.leave(this, 'closed')
    this.#options.retire()
  }

  /** Waits until the next order may be sent; a power-off that arrives meanwhile shortens the wait. */
  async #pause(): Promise<void> {
    const { clock, minimumSpacingMs } = this.#options
    while (this.#waiting.length > 0) {
      const spacingMs = this.#isUrgent()
        ? Math.min(minimumSpacingMs, URGENT_SPACING_MS)
        : minimumSpacingMs
      const waitMs = this.#lastEndedMs + spacingMs - clock.monotonicMs()
      if (waitMs <= 0) return
      const waking = new AbortController()
      this.#wake = () => waking.abort()
      await sleep(clock, waitMs, waking.signal)
    }
  }

  #isUrgent(): boolean {
    return this.#options.clock.monotonicMs() < this.#urgentUntilMs || this.#waiting.some(isOff)
  }

  #next(): Order<Settings> | undefined {
    const order = this.#waiting.find(isOff) ?? this.#waiting[0]
    if (order !== undefined) this.#drop(order)
    return order
  }

  #drop(order: Order<Settings>): void {
    const index = this.#waiting.indexOf(order)
    if (index >= 0) this.#waiting.splice(index, 1)
    this.#wake()
  }
}

const isOff = ({ kind }: Pick<Order<unknown>, 'kind'>): boolean => kind === 'off'
