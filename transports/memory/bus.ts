/** The part of the in-process bus that one node uses. */
import { describeError } from '../../schema/errors.ts'
import type { BusMessage, BusPort, FaultDelivery, Hindrance } from '../../actors/ports/bus.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { FaultLog } from './fault-log.ts'
import type { Subscriptions } from './subscriptions.ts'
import type { Wires } from './wires.ts'

const PUBLISH_DEADLINE_MS = 3000

/** One core subscription. */
export interface Subscriber {
  readonly node: string
  readonly handler: (message: BusMessage) => void
  open: boolean
}

/** What all nodes of a cloud share. */
export interface Exchange {
  readonly log: LogPort
  readonly wires: Wires
  readonly subscriptions: Subscriptions<Subscriber>
  readonly faults: FaultLog
}

/** The bus of a node; made by the broker. */
export class MemoryBus implements BusPort {
  readonly #exchange: Exchange
  readonly #node: string

  constructor(exchange: Exchange, node: string) {
    this.#exchange = exchange
    this.#node = node
  }

  connected(): boolean {
    return this.#exchange.wires.reaches(this.#node)
  }

  /** Inside one process, nothing is denied. */
  hindrances(): readonly Hindrance[] {
    return []
  }

  publish(subject: string, body: Uint8Array): void {
    const { wires, subscriptions } = this.#exchange
    const message = { subject, body }
    for (const subscriber of subscriptions.matching(subject)) {
      wires.send({ from: this.#node, to: subscriber.node, subject }, () => {
        if (subscriber.open) subscriber.handler(message)
      })
    }
  }

  subscribe(pattern: string, handler: (message: BusMessage) => void): AsyncDisposable {
    const { subscriptions } = this.#exchange
    const subscriber = { node: this.#node, handler: this.#guarded(handler), open: true }
    subscriptions.add(pattern, subscriber)
    return {
      [Symbol.asyncDispose]: async () => {
        subscriber.open = false
        subscriptions.remove(subscriber)
      },
    }
  }

  publishFault(subject: string, body: Uint8Array, messageId: string): Promise<void> {
    return this.#exchange.wires.ask({
      node: this.#node,
      subject,
      timeoutMs: PUBLISH_DEADLINE_MS,
      lost: 'BUS_UNAVAILABLE',
      apply: () => this.#exchange.faults.store({ subject, body }, messageId),
    })
  }

  consumeFaults(durable: string, handler: (delivery: FaultDelivery) => void): AsyncDisposable {
    const receiver = { node: this.#node, handler: this.#guarded(handler) }
    const detach = this.#exchange.faults.attach(durable, receiver)
    return { [Symbol.asyncDispose]: async () => detach() }
  }

  /** When a handler throws, the other handlers still get the message. */
  #guarded<Message extends BusMessage>(
    handler: (message: Message) => void,
  ): (message: Message) => void {
    return (message) => {
      try {
        handler(message)
      } catch (error) {
        const reason = describeError(error)
        this.#exchange.log.error({ subject: message.subject, reason }, 'a message handler failed')
      }
    }
  }
}
