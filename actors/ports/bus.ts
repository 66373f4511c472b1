/** The message bus: core subjects (at most once) and the fault stream (kept until acknowledged). */

export interface BusMessage {
  readonly subject: string
  readonly body: Uint8Array
}

export interface FaultDelivery extends BusMessage {
  /** How often this message was delivered, 1 the first time. */
  readonly deliveries: number
  /** The row is stored: never deliver again. */
  ack(): void
  /** Deliver again, not before `afterMs`. */
  retry(afterMs: number): void
}

/** Why something cannot be done on the bus, or only in a poor way; since when, wall ms. */
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

export interface BusPort {
  /** Core publish: at most once, ordered per sender. Never throws; lost while disconnected. */
  publish(subject: string, body: Uint8Array): void
  /** Core subscription. `pattern` may use NATS wildcards `*` and `>`. */
  subscribe(pattern: string, handler: (message: BusMessage) => void): AsyncDisposable
  /** Stores a fault; resolves when the bus has it. Equal `messageId`s within two minutes are one. BUS_UNAVAILABLE. */
  publishFault(subject: string, body: Uint8Array, messageId: string): Promise<void>
  /** Durable consumer of the fault stream; survives reconnects. Unacknowledged messages come again. */
  consumeFaults(durable: string, handler: (delivery: FaultDelivery) => void): AsyncDisposable
  /** False while nothing can be sent. */
  connected(): boolean
  /** What does not work although it is connected. */
  hindrances(): readonly Hindrance[]
}
