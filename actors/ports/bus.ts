/** The message bus: core subjects (at most once) and the fault stream (kept until acknowledged). */

export interface BusMessage {
  readonly subject: string
  readonly body: Uint8Array
}

export interface FaultDelivery extends BusMessage {
  /** How often this message was delivered, 1 the first time. */
  readonly deliveries: number
  /** The row is stored: the message is not delivered again. */
  ack(): void
  /** The message is delivered again, not before `afterMs`. */
  retry(afterMs: number): void
}

/** Why the bus refuses something, or offers it only in part; since when, wall ms. */
export type Hindrance =
  | {
      readonly kind: 'denied' // the account has no permission
      readonly operation: 'publish' | 'subscribe'
      readonly subject: string
      readonly since: number
    }
  | {
      readonly kind: 'failing'
      readonly goal: string
      readonly reason: string
      readonly since: number
    }
  | { readonly kind: 'degraded'; readonly what: string; readonly since: number }

/** The durable consumer of the engines: they share its faults. */
export const FAULT_CONSUMER = 'engine'

export interface BusPort {
  /**
   * Core publish: at most once, ordered for each sender. Never throws; the message is lost while
   * disconnected.
   */
  publish(subject: string, body: Uint8Array): void
  /** Core subscription. `pattern` may use NATS wildcards `*` and `>`. */
  subscribe(pattern: string, handler: (message: BusMessage) => void): AsyncDisposable
  /**
   * Stores a fault; resolves when the bus has stored it. Messages with the same `messageId` within
   * two minutes are stored once. BUS_UNAVAILABLE.
   */
  publishFault(subject: string, body: Uint8Array, messageId: string): Promise<void>
  /**
   * Durable consumer of the fault stream; survives reconnects. Unacknowledged messages are
   * delivered again.
   */
  consumeFaults(durable: string, handler: (delivery: FaultDelivery) => void): AsyncDisposable
  /** False while nothing can be sent. */
  connected(): boolean
  /** What does not work although the bus is connected. */
  hindrances(): readonly Hindrance[]
}
