/** Sends what is reported to RabbitMQ, in order, as soon as it can. Whoever reports waits for nothing. */
import type { ConfirmChannel, Options } from 'amqplib'
import type { ReportPhase, ReportPort, ReportSubject } from '../../actors/ports/reports.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import type { LinkHealth } from '../../schema/messages/leadership.ts'
import {
  checkBrokerUrls,
  isVital,
  openBrokerConnection,
  type BrokerConnection,
} from './broker-connection.ts'
import { Declarer, type Declaration } from './declaration.ts'
import { declareEventExchange, EVENT_EXCHANGE } from './event-exchange.ts'
import { eventMessage, type EventForm, type EventMessage } from './event-message.ts'
import { keepLinked, type LinkKeeping } from './keep-linked.ts'
import { LinkState } from './link-state.ts'
import { WaitingLine } from './waiting-line.ts'

export interface ReportSenderOptions extends LinkKeeping {
  /** Name of this process. */
  readonly node: string
  /** Each message goes to `<topic>.info` or `<topic>.error`. */
  readonly topic: string
  /** How exchange and queues are declared. */
  readonly declaration: Declaration
  /** Each event is sent in every one of them. */
  readonly forms: readonly EventForm[]
}

/** Messages since the start. */
export interface ReportCounts {
  readonly sent: number
  readonly dropped: number
  readonly waiting: number
}

export interface ReportSender extends ReportPort, AsyncDisposable {
  /** False while nothing can be sent. */
  connected(): boolean
  /** The same, since when, and why not. */
  link(): Omit<LinkHealth, 'name'>
  counts(): ReportCounts
}

/** A few hundred recoveries; about 1 MB. */
const WAITING_MAX = 1000
/** A broker that is short of memory takes messages and confirms none. */
const CONFIRM_MS_MAX = 30_000
/** How long the end of the process waits for what was reported last. */
const LAST_MS_MAX = 1000
const PROPERTIES: Options.Publish = {
  persistent: true,
  contentType: 'application/json',
  contentEncoding: 'utf-8',
}

/** Starts linking. Throws CONFIG_INVALID for a URL that is not one of a broker. */
export function startReportSender(options: ReportSenderOptions): ReportSender {
  checkBrokerUrls(options.urls)
  const stopping = new AbortController()
  const sender = new Sender(options, stopping.signal)
  const running = keepLinked(options, (url) => sender.serve(url), {
    state: sender.state,
    stop: stopping.signal,
  })
  return {
    report: (subject, phase) => sender.add(subject, phase),
    connected: () => sender.state.linked,
    link: () => sender.state.view(),
    counts: () => sender.counts(),
    async [Symbol.asyncDispose]() {
      await sender.finish()
      stopping.abort('it was asked to end')
      await running
    },
  }
}

class Sender {
  readonly #options: ReportSenderOptions
  readonly #stop: AbortSignal
  readonly #declarer: Declarer
  readonly #waiting = new WaitingLine<EventMessage>(WAITING_MAX)
  #sent = 0
  /** Whether it was said that this outage costs messages. */
  #lossTold = false
  #arrived = Promise.withResolvers<void>()
  #rested = Promise.withResolvers<void>()
  readonly state: LinkState

  constructor(options: ReportSenderOptions, stop: AbortSignal) {
    this.#options = options
    this.#stop = stop
    this.#declarer = new Declarer(options.log)
    this.state = new LinkState(options.clock)
  }

  counts(): ReportCounts {
    return { sent: this.#sent, dropped: this.#waiting.dropped, waiting: this.#waiting.length }
  }

  add(subject: ReportSubject, phase: ReportPhase): void {
    const { node, forms, clock, random, log } = this.#options
    const stamp = { node, wallMs: clock.wallMs(), messageId: random.uuid() }
    const { dropped, length } = this.#waiting
    if (length === 0) this.#rested = Promise.withResolvers<void>()
    this.#waiting.add(eventMessage(subject, phase, stamp, forms))
    this.#arrived.resolve()
    if (this.#waiting.dropped === dropped || this.#lossTold) return
    this.#lossTold = true
    log.warn({ ...this.counts() }, 'event notifications are lost, the oldest first')
  }

  /** Uses one connection to its end, and answers why it ended. */
  async serve(url: Secret): Promise<string> {
    const { tls, clock, log } = this.#options
    await using connection = await openBrokerConnection(
      { url, tls, clock },
      (opened) => declareEventExchange(opened, this.#options, this.#declarer),
      this.#stop,
    )
    const channel = await connection.model.createConfirmChannel()
    isVital(connection, channel)
    const { model } = connection
    model.on('blocked', (reason) => log.warn({ reason }, 'the broker takes no event notifications'))
    model.on('unblocked', () => log.info({}, 'the broker takes event notifications again'))
    this.state.up()
    this.#lossTold = false
    log.info({ ...this.counts() }, 'event notifications are sent')
    try {
      await this.#sendAll(connection, channel)
    } finally {
      this.state.down('the link has ended')
    }
    return String(connection.ended.reason)
  }

  /** One after the other, so that a broken connection leaves no gap in their order. */
  async #sendAll(connection: BrokerConnection, channel: ConfirmChannel): Promise<void> {
    const over = AbortSignal.any([connection.ended, this.#stop])
    while (!over.aborted) {
      const message = this.#waiting.take()
      if (message === undefined) {
        await this.#untilArrived(over)
        continue
      }
      try {
        await this.#send(channel, message, over)
        this.#sent += 1
      } catch (error) {
        // It may have arrived; then it arrives again, with the same id.
        this.#waiting.putBack(message)
        connection.end(describeError(error))
      }
    }
  }

  async #send(channel: ConfirmChannel, message: EventMessage, over: AbortSignal): Promise<void> {
    const { clock, topic } = this.#options
    const key = `${topic}.${message.priority}`
    for (const body of message.bodies) {
      await within(clock, over, (settle) => {
        channel.publish(EVENT_EXCHANGE, key, body, PROPERTIES, settle)
      })
    }
  }

  async #untilArrived(over: AbortSignal): Promise<void> {
    this.#rested.resolve()
    this.#arrived = Promise.withResolvers<void>()
    const wake = (): void => this.#arrived.resolve()
    over.addEventListener('abort', wake, { once: true })
    await this.#arrived.promise
    over.removeEventListener('abort', wake)
  }

  /** What was reported last may still go, if there is somewhere to go. */
  async finish(): Promise<void> {
    if (!this.state.linked) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#options.clock.schedule(LAST_MS_MAX, resolve)
    await Promise.race([promise, this.#rested.promise])
    cancel()
  }
}

/** Settled by the broker, by the end of the connection, or by the deadline. */
async function within(
  clock: ClockPort,
  over: AbortSignal,
  ask: (settle: (refusal: unknown) => void) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = (reason: string): void => reject(new CodedError('BUS_UNAVAILABLE', reason))
  const cut = (): void => fail(String(over.reason))
  const cancel = clock.schedule(CONFIRM_MS_MAX, () => fail('the broker confirms nothing'))
  over.addEventListener('abort', cut, { once: true })
  if (over.aborted) cut()
  try {
    ask((refusal) => (refusal ? fail('the broker refused a message') : resolve()))
    await promise
  } finally {
    cancel()
    over.removeEventListener('abort', cut)
  }
}
