/**
 * The in-process twin of the fault stream: keeps every fault until all durable consumers have
 * acknowledged it.
 */
import { BoundedMap } from '../../schema/bounded-map.ts'
import { CodedError } from '../../schema/errors.ts'
import type { BusMessage, FaultDelivery } from '../../actors/ports/bus.ts'
import type { Cancel } from '../../actors/ports/clock.ts'
import { BROKER, type Wires } from './wires.ts'

/**
 * The most faults that are kept. When there are more, faults that all consumers have acknowledged
 * are dropped; if there are none, new faults are refused.
 */
const FAULTS_MAX = 10_000
const DUPLICATE_WINDOW_MS = 120_000
/**
 * The most message ids that are remembered. When there are more, the oldest is forgotten, and its
 * message could be stored a second time.
 */
const IDS_MAX = 100_000
const ACK_WAIT_MS = 30_000
/** The most unacknowledged faults in flight to one durable consumer. */
const IN_FLIGHT_MAX = 256

/** One process that receives deliveries of a durable consumer. Several processes share the work. */
interface Receiver {
  readonly node: string
  readonly handler: (delivery: FaultDelivery) => void
}

interface InFlight {
  deliveries: number
  /** Ends the wait for its acknowledgement. */
  stopWaiting: Cancel
}

export class FaultLog {
  readonly #wires: Wires
  readonly #faults: BusMessage[] = []
  readonly #durables = new Map<string, Durable>()
  /** When each message id may be used again; the oldest first. */
  readonly #seen = new BoundedMap<string, number>({ entriesMax: IDS_MAX, whenFull: 'drop-oldest' })
  /** Sequence number of the oldest fault that is kept. */
  #first = 1

  constructor(wires: Wires) {
    this.#wires = wires
  }

  /**
   * Stores a fault, once within the window of its message id. BUS_UNAVAILABLE when there is no
   * place.
   */
  store(fault: BusMessage, messageId: string): void {
    const now = this.#wires.clock.monotonicMs()
    for (const [id, until] of this.#seen.entries()) {
      if (until > now) break
      this.#seen.delete(id)
    }
    if (this.#seen.has(messageId)) return
    if (this.#faults.length >= FAULTS_MAX) this.#trim()
    if (this.#faults.length >= FAULTS_MAX) {
      throw new CodedError('BUS_UNAVAILABLE', `${FAULTS_MAX} faults are waiting already`)
    }
    this.#seen.set(messageId, now + DUPLICATE_WINDOW_MS)
    this.#faults.push(fault)
    for (const durable of this.#durables.values()) durable.pump()
  }

  /** Adds a process to a durable consumer, until it cancels. */
  attach(name: string, receiver: Receiver): Cancel {
    const fault = (sequence: number): BusMessage | undefined => this.#faults[sequence - this.#first]
    const durable = this.#durables.get(name) ?? new Durable(this.#wires, fault, this.#first)
    this.#durables.set(name, durable)
    return durable.attach(receiver)
  }

  #trim(): void {
    if (this.#durables.size === 0) return
    const floors = [...this.#durables.values()].map((durable) => durable.acknowledgedBelow())
    const first = Math.min(...floors)
    this.#faults.splice(0, first - this.#first)
    this.#first = first
  }
}

/**
 * One durable consumer: the faults that it has received, and those that are not acknowledged yet.
 */
class Durable {
  readonly #wires: Wires
  readonly #fault: (sequence: number) => BusMessage | undefined
  /** By sequence number, in the order of the first delivery, which is ascending. */
  readonly #inFlight = new Map<number, InFlight>()
  readonly #receivers: Receiver[] = []
  readonly #due: number[] = []
  #next: number
  #turn = 0

  constructor(wires: Wires, fault: (sequence: number) => BusMessage | undefined, first: number) {
    this.#wires = wires
    this.#fault = fault
    this.#next = first
  }

  attach(receiver: Receiver): Cancel {
    this.#receivers.push(receiver)
    this.pump()
    return () => {
      const index = this.#receivers.indexOf(receiver)
      if (index >= 0) this.#receivers.splice(index, 1)
    }
  }

  /** Every fault before this sequence number is acknowledged. */
  acknowledgedBelow(): number {
    const [oldest] = this.#inFlight.keys()
    return oldest ?? this.#next
  }

  /** Delivers faults: first those that are due again, then new ones. */
  pump(): void {
    while (this.#receivers.length > 0) {
      const sequence = this.#due.shift() ?? this.#newOne()
      if (sequence === undefined) return
      this.#deliver(sequence)
    }
  }

  #newOne(): number | undefined {
    if (this.#inFlight.size >= IN_FLIGHT_MAX) return undefined
    if (this.#fault(this.#next) === undefined) return undefined
    this.#inFlight.set(this.#next, { deliveries: 0, stopWaiting: () => undefined })
    return this.#next++
  }

  #deliver(sequence: number): void {
    const fault = this.#fault(sequence)
    const flight = this.#inFlight.get(sequence)
    const receiver = this.#receivers[this.#turn++ % this.#receivers.length]
    // It was acknowledged while it was due, or no process receives any more.
    if (fault === undefined || flight === undefined || receiver === undefined) return
    flight.deliveries += 1
    this.#redeliverAfter(ACK_WAIT_MS, sequence)
    const delivery = this.#deliveryOf(fault, sequence, { receiver, deliveries: flight.deliveries })
    const passage = { from: BROKER, to: receiver.node, subject: fault.subject }
    this.#wires.send(passage, () => {
      if (this.#receivers.includes(receiver)) receiver.handler(delivery)
    })
  }

  #deliveryOf(
    fault: BusMessage,
    sequence: number,
    { receiver, deliveries }: { readonly receiver: Receiver; readonly deliveries: number },
  ): FaultDelivery {
    const back = { from: receiver.node, to: BROKER, subject: fault.subject }
    return {
      ...fault,
      deliveries,
      ack: () => this.#wires.send(back, () => this.#acknowledge(sequence)),
      retry: (afterMs) =>
        this.#wires.send(back, () => this.#redeliverAfter(Math.max(1, afterMs), sequence)),
    }
  }

  #acknowledge(sequence: number): void {
    this.#inFlight.get(sequence)?.stopWaiting()
    this.#inFlight.delete(sequence)
    this.pump()
  }

  #redeliverAfter(afterMs: number, sequence: number): void {
    const flight = this.#inFlight.get(sequence)
    if (flight === undefined) return
    flight.stopWaiting()
    flight.stopWaiting = this.#wires.clock.schedule(afterMs, () => {
      this.#due.push(sequence)
      this.pump()
    })
  }
}
