/** Everything that one process does on NATS: one connection, with the bus and the lease on it. */
import type { BusPort } from '../../actors/ports/bus.ts'
import type { LeasePort } from '../../actors/ports/lease.ts'
import { NatsBus } from './bus.ts'
import { NatsLease } from './lease.ts'
import { NatsLink, type NatsCredentials } from './link.ts'
import { faultStream, KeptStream, leaseStream, leaseSubject } from './streams.ts'
import { Troubles } from './troubles.ts'
import type { Surroundings } from './upkeep.ts'

export interface NatsOptions extends Omit<Surroundings, 'troubles'> {
  /** `nats://host:port`, the nearest first. If one is `tls://`, all are encrypted. */
  readonly servers: readonly string[]
  readonly cloud: string
  /** The name of this process: answers to it arrive in an inbox of its own. */
  readonly node: string
  /** Whether this process creates the streams: one with an engine does. */
  readonly keepsStreams: boolean
  readonly credentials?: NatsCredentials
  readonly leaseTtlMs: number
}

export interface NatsTransport extends AsyncDisposable {
  readonly bus: BusPort
  readonly lease: LeasePort
}

/**
 * Returns at once. It connects and prepares its streams in the background, again after every loss.
 */
export function connectNats(options: NatsOptions): NatsTransport {
  const { clock, random, log, cloud, leaseTtlMs } = options
  const around: Surroundings = { clock, random, log, troubles: new Troubles(clock) }
  const { servers, node, keepsStreams, credentials = {} } = options
  const link = new NatsLink(around, { servers, node, credentials })
  const faults = new KeptStream(around, link, faultStream(cloud), keepsStreams)
  const leases = leaseStream(cloud, leaseTtlMs)
  const bucket = new KeptStream(around, link, leases, keepsStreams)
  const subject = leaseSubject(cloud)
  return {
    bus: new NatsBus(around, link, faults),
    lease: new NatsLease(around, { link, bucket, subject, ttlMs: leaseTtlMs }),
    async [Symbol.asyncDispose]() {
      await link[Symbol.asyncDispose]()
      await Promise.all([faults.settled(), bucket.settled()])
    },
  }
}
