/** Reads the Compute service's notifications from RabbitMQ until it is stopped, and hands them on as our own events and faults. */
import { sleep } from '../../actors/ports/clock.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import { describeError, isCoded } from '../../schema/errors.ts'
import type { BridgeCounts, LinkHealth } from '../../schema/messages/leadership.ts'
import type { ComputeEvent } from '../../schema/messages/incident.ts'
import { checkBrokerUrls } from './broker-connection.ts'
import type { ComputeFault } from './compute-fault.ts'
import { openBrokerLink, type BrokerLink, type Delivery, type Disposition } from './broker-link.ts'
import { Declarer, type Declaration } from './declaration.ts'
import { keepLinked, type LinkKeeping } from './keep-linked.ts'
import { LinkState } from './link-state.ts'
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
  /** A message is acknowledged after this returned, and comes again when it throws. */
  readonly publish: (event: ComputeEvent) => void
  /** Resolves once our own bus has stored the fault. Only then the bridge acknowledges the message. Undefined: faults are only events. */
  readonly submit: ((fault: ComputeFault) => Promise<void>) | undefined
}

export interface ComputeBridge extends AsyncDisposable {
  /** True while we consume and our queue is bound to the exchange. */
  connected(): boolean
  /** The same, since when, and why not. */
  link(): Omit<LinkHealth, 'name'>
  counts(): BridgeCounts
}

/** A broker's restart takes a non-durable exchange and our binding away, and nobody tells us. */
const BIND_AGAIN_MS = 15_000
/** Two bridges hardly ever draw the same number of so many. */
const PRIORITIES = 2 ** 30
/** An absent exchange is looked for more often: it appears with Nova's first notification. */
const LOOK_AGAIN_MS = 2000
/** Pause before the bridge submits a fault again that our own bus did not store, ms; doubles each time. */
const SUBMIT_AGAIN_MS = 500
const SUBMIT_AGAIN_MS_MAX = 5000

/** Starts listening. Throws CONFIG_INVALID for a URL that is not one of a broker. */
export function startComputeBridge(options: ComputeBridgeOptions): ComputeBridge {
  checkBrokerUrls(options.urls)
  const stopping = new AbortController()
  const bridge = new Bridge(options, stopping.signal)
  const running = keepLinked(options, (url) => bridge.serve(url), {
    state: bridge.state,
    stop: stopping.signal,
  })
  return {
    connected: () => bridge.state.linked,
    link: () => bridge.state.view(),
    counts: () => bridge.counts(),
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await running
    },
  }
}

class Bridge {
  readonly #reader: NotificationReader
  readonly #options: ComputeBridgeOptions
  readonly #stop: AbortSignal
  readonly #declarer: Declarer
  readonly state: LinkState
  /** One bridge reads both notifications of an event, so that it sees that they are of one event; the others stand by. */
  readonly #priority: number
  #unread = 0

  constructor(options: ComputeBridgeOptions, stop: AbortSignal) {
    this.#options = options
    this.#stop = stop
    this.#declarer = new Declarer(options.log)
    this.state = new LinkState(options.clock)
    this.#priority = Math.floor(options.random.next() * PRIORITIES)
    const { clock, log, publish, submit } = options
    const keep =
      submit && ((fault: ComputeFault, over: AbortSignal) => this.#keep(submit, fault, over))
    this.#reader = new NotificationReader({ clock, log, publish, keep })
  }

  counts(): BridgeCounts {
    return { ...this.#reader.counts(), unread: this.#unread }
  }

  /** Uses one link to its end, and answers why it ended. */
  async serve(url: Secret): Promise<string> {
    await using link = await openBrokerLink(
      { ...this.#options, url, priority: this.#priority },
      { declarer: this.#declarer, handle: (delivery, ended) => this.#handle(delivery, ended) },
      this.#stop,
    )
    await this.#keepBound(link)
    return String(link.ended.reason)
  }

  #handle(delivery: Delivery, ended: AbortSignal): Promise<Disposition> {
    return this.#reader.handle(delivery, AbortSignal.any([ended, this.#stop]))
  }

  /** While our own bus is not available, the message stays unacknowledged: in the broker's queue it would expire. */
  async #keep(
    submit: (fault: ComputeFault) => Promise<void>,
    fault: ComputeFault,
    over: AbortSignal,
  ): Promise<boolean> {
    const { clock, log } = this.#options
    for (let pauseMs = SUBMIT_AGAIN_MS; !over.aborted; pauseMs *= 2) {
      try {
        await submit(fault)
        return true
      } catch (error) {
        if (!isCoded(error, 'BUS_UNAVAILABLE')) throw error
        const fields = { type: fault.type, reason: describeError(error) }
        if (pauseMs === SUBMIT_AGAIN_MS) log.warn(fields, 'a fault waits for our own bus')
      }
      await sleep(clock, Math.min(pauseMs, SUBMIT_AGAIN_MS_MAX), over)
    }
    return false
  }

  async #keepBound(link: BrokerLink): Promise<void> {
    const { clock, exchange, queue, log } = this.#options
    const over = AbortSignal.any([link.ended, this.#stop])
    let known: string | undefined
    try {
      while (!over.aborted) {
        const found = await link.bind()
        if (found === 'bound') this.state.up()
        else this.state.down(`notification exchange ${exchange}: ${found}`)
        if (found !== known) log.info({ exchange, queue }, `notification exchange: ${found}`)
        known = found
        this.#unread = await link.waiting()
        await sleep(clock, this.state.linked ? BIND_AGAIN_MS : LOOK_AGAIN_MS, over)
      }
    } finally {
      this.state.down('the link has ended')
    }
  }
}
