/**
 * A stolen compute host: it has the account of one host on the bus, and says in the names of others what would make the product
 * power off healthy hosts, restart healthy guests, take dead hosts for alive, or follow another leader.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RowDataPacket } from 'mysql2/promise'
import type { NatsConnection } from 'nats'
import { encode } from '../../schema/messages/codec.ts'
import type { WireBody, WireType } from '../../schema/messages/catalogue.ts'
import type { SeededRandom } from '../../transports/simulated/random.ts'
import { leaseSubject } from '../../transports/nats/streams.ts'
import { connectLastingly } from './bus-access.ts'
import { CLOUD, type ChaosWorld } from './world.ts'

const ROUND_MS = 250
/** Each fault of a guest that it makes up is stored, and must come to an end. */
const GUEST_EVERY = 20

interface KnownHost {
  readonly uuid: string
  readonly name: string
  readonly segment: string
}

export class Forger implements AsyncDisposable {
  /** Faults of guests that the bus has stored. */
  stored = 0
  sent = 0
  readonly #world: ChaosWorld
  readonly #random: SeededRandom
  readonly #connection: NatsConnection
  readonly #hosts: readonly KnownHost[]
  readonly #self: string
  #sequence = 1_000_000

  private constructor(
    world: ChaosWorld,
    random: SeededRandom,
    connection: NatsConnection,
    { self, hosts }: { readonly self: string; readonly hosts: readonly KnownHost[] },
  ) {
    this.#world = world
    this.#random = random
    this.#connection = connection
    this.#hosts = hosts
    this.#self = self
  }

  /** It has the account of the first host. */
  static async open(world: ChaosWorld, random: SeededRandom): Promise<Forger> {
    const node = world.hosts[0]?.name ?? ''
    const account = world.access.loginOf(node)
    const connection = await connectLastingly(world.nats.urls, account)
    const [rows] = await world.pool.query<RowDataPacket[]>(
      'SELECT uuid, name, failover_segment_id AS segment FROM hosts',
    )
    // What it says of its own host is not forged.
    const others = rows.filter(({ name }) => name !== node)
    const hosts = others.map(({ uuid, name, segment }) => ({
      uuid: String(uuid),
      name: String(name),
      segment: String(segment),
    }))
    return new Forger(world, random, connection, { self: node, hosts })
  }

  /** Forges until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (let round = 0; !signal.aborted; round += 1) {
      const host = this.#hosts[Math.floor(this.#random.next() * this.#hosts.length)]
      if (host !== undefined) this.#lie(host)
      if (round % GUEST_EVERY === 0) await this.#inventFault()
      await sleep(ROUND_MS)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close()
  }

  #lie({ uuid, name, segment }: KnownHost): void {
    for (const observer of ['host-monitor-1', 'host-monitor-2']) {
      const observed = { host: uuid, hostName: name, segment, observer }
      this.#say('host.observed', observer, { ...observed, state: 'dead', evidence: ['it is dead'] })
    }
    const health = {
      libvirt: 'answers',
      libvirtAgeMs: 0,
      compute: 'runs',
      computeAgeMs: 0,
    } as const
    this.#say('host.heartbeat', name, { hostName: name, ...health })
    this.#say('guests.running', name, { hostName: name, guests: [] })
    this.#say('leader.proclaimed', 'engine-9', { holder: 'engine-9', epoch: 1_000_000 })
    const failed = { hostName: name, publisher: `nova-compute:${name}`, occurredAt: Date.now() }
    this.#say('host.failed', 'bridge-1', { ...failed, evidence: ['it has failed'] })
    this.#publish(leaseSubject(CLOUD), new TextEncoder().encode(`engine-9 ${randomUUID()}`))
  }

  /** It may say of each instance that it has failed on this host: the leader asks the hypervisor. */
  async #inventFault(): Promise<void> {
    const { instances } = this.#world.http.cloud
    const victim = instances[Math.floor(this.#random.next() * instances.length)]
    if (victim === undefined) return
    const { subject, body } = this.#message('guest.failed', this.#self, {
      instance: victim.id,
      hostName: this.#self,
      event: 'LIFECYCLE',
      domainEvent: 'STOPPED_FAILED',
      evidence: ['it has crashed'],
    })
    try {
      await this.#connection.jetstream().publish(subject, body, { timeout: 2000 })
      this.stored += 1
    } catch {
      // the bus is away, or does not allow it at present: nothing was accepted
    }
  }

  #say<Name extends WireType>(type: Name, sender: string, body: WireBody<Name>): void {
    const message = this.#message(type, sender, body)
    this.#publish(message.subject, message.body)
  }

  #message<Name extends WireType>(type: Name, node: string, body: WireBody<Name>) {
    this.#sequence += 1
    const from = {
      cloud: CLOUD,
      node,
      incarnation: randomUUID(),
      id: randomUUID(),
      sequence: this.#sequence,
    }
    return encode(type, body, { ...from, epoch: 1_000_000, sentAt: Date.now() })
  }

  #publish(subject: string, body: Uint8Array): void {
    if (this.#connection.isClosed()) return
    this.#connection.publish(subject, body)
    this.sent += 1
  }
}
