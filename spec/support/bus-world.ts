/** What a conformance spec needs of a bus: nodes that join, time that passes, and outages. */
import type { BusPort } from '../../actors/ports/bus.ts'
import type { LeasePort } from '../../actors/ports/lease.ts'

/** One process on the bus. */
export interface BusNode {
  readonly bus: BusPort
  readonly lease: LeasePort
}

export interface BusWorld extends AsyncDisposable {
  readonly cloud: string
  readonly leaseTtlMs: number
  /** A node that is connected, until the world ends. */
  join(name: string): Promise<BusNode>
  elapsedMs(): number
  /** Lets time pass until the condition holds; fails after half a minute. */
  until(condition: () => boolean | Promise<boolean>, what: string): Promise<void>
  /** Lets time pass until the promise is settled. */
  outcome<Value>(promise: Promise<Value>): Promise<Value>
  /** All nodes are disconnected. Stored faults stay stored. */
  beginOutage(): Promise<void>
  endOutage(): Promise<void>
  /** While `work` runs, questions may arrive but answers do not. */
  withoutAnswers(work: () => Promise<void>): Promise<void>
}

/** How a kind of bus is opened. */
export interface BusOpener {
  readonly open: () => Promise<BusWorld>
  /** A world with outages that no other test shares. */
  readonly openFragile: () => Promise<BusWorld>
}

/** Resolves when all subscriptions of the node are in force. */
export async function inForce(world: BusWorld, { bus }: BusNode): Promise<void> {
  const subject = `ha.${world.cloud}.probe.p${Math.random().toString(36).slice(2)}`
  let seen = false
  await using _subscription = bus.subscribe(subject, () => {
    seen = true
  })
  const probe = (): boolean => {
    bus.publish(subject, new Uint8Array())
    return seen
  }
  await world.until(probe, 'a subscription is in force')
}
