/** Listens to the Compute service's notifications on RabbitMQ, for ever, and hands them on as our own events. */
import { sleep } from '../../actors/ports/clock.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import type { ComputeEvent } from '../../schema/messages/incident.ts'
import { checkBrokerUrls } from './broker-connection.ts'
import { openBrokerLink, type BrokerLink } from './broker-link.ts'
import { Declarer, type Declaration } from './declaration.ts'
import { keepLinked, type LinkKeeping } from './keep-linked.ts'
import { NotificationReader } from './notification-reader.ts'

export interface ComputeBridgeOptions extends LinkKeeping {
  /** Nova's `control_exchange`. */
  readonly exchange: string
  /** Our own queue; bridges that name the same one share its messages. */
  readonly queue: string
  /** How it is declared. */
  readonly declaration: Declaration
  /** What Nova's `topics` and `versioned_notifications_topics` say. */
  readonly topics: readonly string[]
  /** A message is acknowledged when this returns, and comes again when it throws. */
  readonly publish: (event: ComputeEvent) => void
}

export interface ComputeBridge extends AsyncDisposable {
  /** True while we consume and our queue is bound to the exchange. */
  connected(): boolean
  /** Messages that could not be read. */
  parked(): number
}

/** A broker's restart takes a non-durable exchange and our binding away, and nobody tells us. */
const BIND_AGAIN_MS = 15_000
/** An absent exchange is looked for more often: it appears with Nova's first notification. */
const LOOK_AGAIN_MS = 2000

/** Starts listening. Throws CONFIG_INVALID for a URL that is not one of a broker. */
export function startComputeBridge(options: ComputeBridgeOptions): ComputeBridge {
  checkBrokerUrls(options.urls)
  const stopping = new AbortController()
  const bridge = new Bridge(options, stopping.signal)
  const running = keepLinked(options, (url) => bridge.serve(url), stopping.signal)
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
  readonly #declarer: Declarer
  bound = false

  constructor(options: ComputeBridgeOptions, stop: AbortSignal) {
    this.#options = options
    this.#stop = stop
    this.#declarer = new Declarer(options.log)
    this.reader = new NotificationReader(options.log, options.publish)
  }

  /** Uses one link to its end, and answers why it ended. */
  async serve(url: Secret): Promise<string> {
    await using link = await openBrokerLink(
      { ...this.#options, url },
      { declarer: this.#declarer, handle: (delivery) => this.reader.handle(delivery) },
      this.#stop,
    )
    await this.#keepBound(link)
    return String(link.ended.reason)
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
        await sleep(clock, this.bound ? BIND_AGAIN_MS : LOOK_AGAIN_MS, over)
      }
    } finally {
      this.bound = false
    }
  }
}
