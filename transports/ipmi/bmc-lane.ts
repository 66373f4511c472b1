/** All orders to one BMC: one at a time, with a pause between them, power-off first. */
import { sleep, type Cancel } from '../../actors/ports/clock.ts'
import type { PowerState } from '../../actors/ports/power.ts'
import type { BmcSettings } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import { BmcSession, type OrderKind, type SessionOptions } from './bmc-session.ts'

/** What a lane needs from the port that owns it. */
export interface LaneOptions extends SessionOptions {
  readonly minimumSpacingMs: number
  /** Called when nothing happened for so long that the lane may be forgotten. */
  retire(): void
}

/** One order and who waits for it. */
interface Order {
  readonly kind: OrderKind
  readonly bmc: BmcSettings
  readonly answer: PromiseWithResolvers<PowerState>
}

/** Orders of one kind that may wait; further ones are refused, because their answers would be late anyway. */
const WAITING_MAX = 8
/** A power-off, and the reads that verify it, wait no longer than this. */
const URGENT_SPACING_MS = 1000
const VERIFY_WINDOW_MS = 60_000
const IDLE_CLOSE_MS = 60_000

/** Orders to one BMC, one after the other. */
export class BmcLane {
  readonly #options: LaneOptions
  readonly #end = new AbortController()
  readonly #session: BmcSession
  readonly #waiting: Order[] = []
  #working: Promise<void> | undefined
  #idleClosing: Promise<void> = Promise.resolve()
  #lastEndedMs = Number.NEGATIVE_INFINITY
  #urgentUntilMs = Number.NEGATIVE_INFINITY
  #wake: () => void = () => undefined
  #cancelIdle: Cancel = () => undefined

  constructor(options: LaneOptions) {
    this.#options = options
    this.#session = new BmcSession(options, this.#end.signal)
  }

  /** Queues an order. Aborting it before its turn removes it; later it only ends the waiting. */
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
    for (const order of this.#waiting.splice(0)) order.answer.reject(reason)
    this.#wake()
    if (this.#working !== undefined) {
      await this.#session.kill()
      await this.#working
    }
    this.#cancelIdle()
    await this.#idleClosing
    await this.#session.close()
  }

  async #work(): Promise<void> {
    this.#cancelIdle()
    await this.#idleClosing
    while (this.#waiting.length > 0) {
      await this.#pause()
      const order = this.#next()
      if (order !== undefined) await this.#perform(order)
    }
    this.#working = undefined
    this.#cancelIdle = this.#options.clock.schedule(IDLE_CLOSE_MS, () => {
      this.#idleClosing = this.#closeIdle()
    })
  }

  async #perform({ kind, bmc, answer }: Order): Promise<void> {
    const { clock } = this.#options
    if (kind === 'off') this.#urgentUntilMs = clock.monotonicMs() + VERIFY_WINDOW_MS
    try {
      answer.resolve(await this.#session.perform(kind, bmc))
    } catch (error) {
      answer.reject(error)
    }
    this.#lastEndedMs = clock.monotonicMs()
  }

  async #closeIdle(): Promise<void> {
    await this.#session.close()
    if (this.#working === undefined) this.#options.retire()
  }

  /** Waits until the next order may be sent; a power-off that arrives meanwhile shortens the wait. */
  async #pause(): Promise<void> {
    const { clock, minimumSpacingMs } = this.#options
    while (this.#waiting.length > 0) {
      const isUrgent = clock.monotonicMs() < this.#urgentUntilMs || this.#waiting.some(isOff)
      const spacingMs = isUrgent ? Math.min(minimumSpacingMs, URGENT_SPACING_MS) : minimumSpacingMs
      const waitMs = this.#lastEndedMs + spacingMs - clock.monotonicMs()
      if (waitMs <= 0) return
      const waking = new AbortController()
      this.#wake = () => waking.abort()
      await sleep(clock, waitMs, waking.signal)
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
}

const isOff = (order: Order): boolean => order.kind === 'off'
