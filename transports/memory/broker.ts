/**
 * The bus of one cloud inside this process: the default of the single-process mode, and the bus of
 * the simulator and of tests.
 */
import type { BusPort } from '../../actors/ports/bus.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { LeasePort } from '../../actors/ports/lease.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import { MemoryBus, type Exchange, type Subscriber } from './bus.ts'
import { FaultLog } from './fault-log.ts'
import { LeaseKey, MemoryLease } from './lease.ts'
import { Subscriptions } from './subscriptions.ts'
import { Wires, type Disturb } from './wires.ts'

interface MemoryBrokerOptions {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly leaseTtlMs: number
  /** What a simulator does to messages on their way; undefined: nothing. */
  readonly disturb?: Disturb
}

/** Shared by all nodes of one cloud. It outlives each of them, as a server would. */
export class MemoryBroker {
  readonly #exchange: Exchange
  readonly #leaseKey: LeaseKey

  constructor({ clock, log, leaseTtlMs, disturb }: MemoryBrokerOptions) {
    const wires = new Wires(clock, disturb)
    const subscriptions = new Subscriptions<Subscriber>()
    this.#exchange = { log, wires, subscriptions, faults: new FaultLog(wires) }
    this.#leaseKey = new LeaseKey(leaseTtlMs, () => clock.monotonicMs())
  }

  /** The bus as one node sees it. */
  bus(node: string): BusPort {
    return new MemoryBus(this.#exchange, node)
  }

  /** The lease as one run of a node sees it. A restarted node asks for a new one. */
  lease(node: string): LeasePort {
    return new MemoryLease(this.#exchange, this.#leaseKey, node)
  }
}
