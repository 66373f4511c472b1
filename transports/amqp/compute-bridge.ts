/** Listens to the Compute service's notifications on RabbitMQ, for ever, and hands them on as our own events. */
import type { ClockPort, RandomPort } from '../../actors/ports/clock.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import type { ComputeEvent } from '../../schema/messages/incident.ts'
import { openBrokerLink, type BrokerLink } from './broker-link.ts'
import { NotificationReader } from './notification-reader.ts'

export interface ComputeBridgeOptions {
  /** The brokers of one cluster, tried in turn: `amqp[s]://user:password@host:port/vhost`. */
  readonly urls: readonly [Secret, ...Secret[]]
  /** Nova's `control_exchange`. */
  readonly exchange: string
  /** Our own queue; bridges that name the same one share its messages. */
  readonly queue: string
  /** What Nova's `topics` and `versioned_notifications_topics` say. */
  readonly topics: readonly string[]
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly log: LogPort
  /** A message is acknowledged when this returns, and comes again when it throws. */
  readonly publish: (event: ComputeEvent) => void
}

export interface ComputeBridge extends AsyncDisposable {
  /** True while we consume and our queue is bound to the exchange. */
  connected(): boolean
  /** Messages that could not be read. */
  parked(): number
}

const RECONNECT_MS = 200
const RECONNECT_MS_MAX = 5000
/** A broker's restart takes a non-durable exchange and our binding away, and nobody tells us. */
const BIND_AGAIN_MS = 15_000
/** An absent exchange is looked for more often: it appears with Nova's first notification. */
const LOOK_AGAIN_MS = 2000

/** Starts listening. Throws CONFIG_INVALID for a URL that is not one of a broker. */
export function startComputeBridge(options: ComputeBridgeOptions): ComputeBridge {
  for (const url of options.urls) checkUrl(url)
  const stopping = new AbortController()
  const bridge = new Bridge(options, stopping.signal)
  const running = bridge.run()
  return {
    connected: () => bridge.bound,
    parked: () => bridge.reader.parked,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await running
    },
  }
}

class Bridge {
  readonly reader: NotificationReader
  readonly #options: ComputeBridgeOptions
  readonly #stop: AbortSignal
  bound = false

  constructor(options: ComputeBridgeOptions, stop: AbortSignal) {
    this.#options = options
    this.#stop = stop
    this.reader = new NotificationReader(options.log, options.publish)
  }

  /** One link after the other, until stopped. */
  async run(): Promise<void> {
    const { urls, clock, random } = this.#options
    let failures = 0
    for (let turn = 0; !this.#stop.aborted; turn += 1) {
      const worked = await this.#serve(urls[turn % urls.length] ?? urls[0])
      failures = worked ? 0 : failures + 1
      const backoffMs = Math.min(RECONNECT_MS_MAX, RECONNECT_MS * 2 ** Math.min(failures, 8))
      await pause(clock, backoffMs * (0.5 + random.next() / 2), this.#stop)
    }
  }

  /** Uses one link to its end; true when it had been bound. */
  async #serve(url: Secret): Promise<boolean> {
    let worked = false
    try {
      await using link = await openBrokerLink(
        { ...this.#options, url },
        (delivery) => this.reader.handle(delivery),
        this.#stop,
      )
      await this.#keepBound(link)
      worked = true
      if (!this.#stop.aborted) this.#warn(String(link.ended.reason))
    } catch (error) {
      if (!this.#stop.aborted) this.#warn(describeError(error))
    }
    return worked
  }

  async #keepBound(link: BrokerLink): Promise<void> {
    const { clock, exchange, queue, log } = this.#options
    const over = AbortSignal.any([link.ended, this.#stop])
    let known: string | undefined
    try {
      while (!over.aborted) {
        const found = await link.bind()
        this.bound = found === 'bound'
        if (found !== known) log.info({ exchange, queue }, `notification exchange: ${found}`)
        known = found
        await pause(clock, this.bound ? BIND_AGAIN_MS : LOOK_AGAIN_MS, over)
      }
    } finally {
      this.bound = false
    }
  }

  #warn(reason: string): void {
    this.#options.log.warn({ reason }, 'not linked to the notification broker')
  }
}

/** The text stays out of the error: it holds a password. */
function checkUrl(url: Secret): void {
  const parsed = URL.parse(url.reveal())
  if (parsed !== null && /^amqps?:$/.test(parsed.protocol)) return
  throw new CodedError('CONFIG_INVALID', 'a broker URL does not read amqp[s]://user:password@host')
}

/** Waits; ends early, without a complaint, when the signal is aborted. */
async function pause(clock: ClockPort, afterMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.schedule(afterMs, resolve)
  const wake = (): void => resolve()
  signal.addEventListener('abort', wake, { once: true })
  await promise
  cancel()
  signal.removeEventListener('abort', wake)
}
