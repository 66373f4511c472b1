/** A process with a stolen account, that says on the bus what it should not. */
import { setImmediate } from 'node:timers/promises'
import { connect, Events, nkeyAuthenticator, type NatsConnection } from 'nats'
import { encode, type Encoded } from '../../schema/messages/codec.ts'
import type { WireBody, WireType } from '../../schema/messages/catalogue.ts'

const CLOUD = 'default'
const FAULTS = 'HA_default_FAULTS'
const LEASE = 'HA_default_LEASE'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Who is forged, and about what. */
export interface Victims {
  /** A registered host, by its id, name and segment. */
  readonly host: { readonly id: string; readonly name: string; readonly segment: string }
  readonly instance: string
  readonly monitor: string
  readonly engine: string
}

interface Attempt {
  readonly operation: 'publish' | 'subscribe'
  readonly message: Encoded
}

let sequence = 0

/** A message in the name of somebody. */
function saying<Name extends WireType>(type: Name, body: WireBody<Name>, node: string): Attempt {
  sequence += 1
  const from = { cloud: CLOUD, node, incarnation: 'forged', id: `forged.${sequence}` }
  const message = encode(type, body, { ...from, sequence, epoch: 9999, sentAt: Date.now() })
  return { operation: 'publish', message }
}

const raw = (subject: string, text = ''): Attempt => ({
  operation: 'publish',
  message: { subject, body: bytes(text) },
})

const hearing = (subject: string): Attempt => ({
  operation: 'subscribe',
  message: { subject, body: bytes('') },
})

const seen = (state: 'alive' | 'dead', { host }: Victims, observer: string) => ({
  host: host.id,
  hostName: host.name,
  segment: host.segment,
  observer,
  state,
  evidence: ['so it is said'],
})
const WELL = { libvirt: 'answers', libvirtAgeMs: 0, compute: 'runs', computeAgeMs: 0 } as const
const guestsOf = (instance: string) => [
  { instance, runsForMs: 3_600_000, agent: 'answers', answersForMs: 3_600_000 } as const,
]
const FALLEN = { event: 'LIFECYCLE', domainEvent: 'STOPPED_FAILED', evidence: ['so it is said'] }

/** What a forger tries, by the words of the table in `ops/docs/security.md`. `self` is the name of its own account. */
export const FORGERIES: Readonly<Record<string, (self: string, of: Victims) => Attempt>> = {
  'an observation in the name of a host-monitor': (_, of) =>
    saying('host.observed', seen('dead', of, of.monitor), of.monitor),
  'an observation in its own name': (self, of) =>
    saying('host.observed', seen('dead', of, self), self),
  'an observation in the name of the webhook': (self, of) =>
    saying('host.observed', seen('alive', of, 'alertmanager'), self),
  'a heartbeat of another host': (self, { host }) =>
    saying('host.heartbeat', { hostName: host.name, ...WELL }, self),
  'a heartbeat of its own host': (self) =>
    saying('host.heartbeat', { hostName: self, ...WELL }, self),
  'the guests of another host': (self, { host, instance }) =>
    saying('guests.running', { hostName: host.name, guests: guestsOf(instance) }, self),
  'the guests of its own host': (self, { instance }) =>
    saying('guests.running', { hostName: self, guests: guestsOf(instance) }, self),
  'a fault of a guest on another host': (self, { host, instance }) =>
    saying('guest.failed', { instance, hostName: host.name, ...FALLEN }, self),
  'a fault of a guest on its own host': (self, { instance }) =>
    saying('guest.failed', { instance, hostName: self, ...FALLEN }, self),
  'a host that Compute calls failed': (self, { host }) =>
    saying('host.failed', { hostName: host.name, ...said() }, self),
  'an instance that Compute calls failed': (self, { host, instance }) =>
    saying('instance.failed', { instance, hostName: host.name, ...said() }, self),
  'a notification that was accepted': (self, { host }) =>
    saying('notification.accepted', { notification: 'forged', segment: host.segment }, self),
  'the word that an operator gave a command': (self) =>
    saying('operator.commanded', { notification: null }, self),
  'a proclamation of a leader': (_, { engine }) =>
    saying('leader.proclaimed', { holder: engine, epoch: 9999 }, engine),
  'the health of another process': (_, { engine }) => {
    const counts = { deadLetters: 0, parked: 0, actors: [] }
    const health = { node: engine, roles: ['engine'], leading: true, ...counts }
    return saying('role.health', health, engine)
  },
  'a step of a recovery': (_, { host, engine }) => {
    const step = { step: 'finished', reason: 'so it is said' } as const
    const about = { notification: 'n', host: host.name, evidence: [] }
    return saying('recovery.stepped', { ...about, ...step }, engine)
  },
  'the key of the lease': () => raw(`$KV.${LEASE}.leader`, 'forger'),
  'a change of the stream of faults': () => raw(`$JS.API.STREAM.UPDATE.${FAULTS}`, '{}'),
  'a purge of the stream of faults': () => raw(`$JS.API.STREAM.PURGE.${FAULTS}`),
  'the end of the stream of faults': () => raw(`$JS.API.STREAM.DELETE.${FAULTS}`),
  'the end of the stream of the lease': () => raw(`$JS.API.STREAM.DELETE.KV_${LEASE}`),
  "the end of the engine's consumer": () => raw(`$JS.API.CONSUMER.DELETE.${FAULTS}.engine`),
  'faults taken away from the engine': () =>
    raw(`$JS.API.CONSUMER.MSG.NEXT.${FAULTS}.engine`, '{"batch":100}'),
  'a fault acknowledged for the engine': () => raw(`$JS.ACK.${FAULTS}.engine.1.1.1.1.0`, '+ACK'),
  'an answer of JetStream to an engine': (_, { engine }) => raw(`_INBOX.${engine}.x`, '{}'),
  'listening to all messages': () => hearing(`ha.${CLOUD}.>`),
  'listening to the answers to others': () => hearing('_INBOX.>'),
}

const said = () => ({ publisher: 'nova', occurredAt: Date.now(), evidence: ['so it is said'] })

/** A connection with a stolen account. */
export class Forger implements AsyncDisposable {
  readonly #connection: NatsConnection
  /** Subjects that the server has refused. */
  readonly #refused = new Set<string>()

  private constructor(connection: NatsConnection) {
    this.#connection = connection
    void this.#watch()
  }

  /** @param seed Of the stolen NKey. */
  static async open(url: string, self: string, seed: string): Promise<Forger> {
    const authenticator = nkeyAuthenticator(bytes(seed))
    const inboxPrefix = `_INBOX.${self}`
    return new Forger(await connect({ servers: url, authenticator, inboxPrefix, reconnect: false }))
  }

  /** Tries it; true when the server let it pass. */
  async tries({ operation, message }: Attempt): Promise<boolean> {
    this.#refused.delete(message.subject)
    if (operation === 'publish') this.#connection.publish(message.subject, message.body)
    else this.#connection.subscribe(message.subject, { callback: () => undefined })
    await this.#connection.flush()
    await setImmediate() // the refusal came before the answer, and is told in a turn of its own
    return !this.#refused.has(message.subject)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close()
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type !== Events.Error || status.permissionContext === undefined) continue
      this.#refused.add(status.permissionContext.subject)
    }
  }
}
