/**
 * One connection to the NATS servers that is always wanted. It is dialled in the background until
 * it is open.
 */
import { isIPv4 } from 'node:net'
import type { ConnectionOptions as ConnectOptions } from 'node:tls'
import {
  credsAuthenticator,
  Events,
  nkeyAuthenticator,
  type ConnectionOptions,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
  type NatsConnection,
  type Status,
  type TlsOptions,
} from 'nats'
import type { Secret } from '../../schema/control-attributes.ts'
import { describeError } from '../../schema/errors.ts'
import { subjectToken } from '../../schema/messages/codec.ts'
import type { TlsMaterial } from '../../schema/tls.ts'
import { sleep, type Cancel } from '../../actors/ports/clock.ts'
import { dialNats } from './dial.ts'
import { serverIdentity } from './server-identity.ts'
import { untilItWorks, type Surroundings } from './upkeep.ts'

/** The credentials of our account. They are read at every login, so that rotated ones are used. */
export interface NatsCredentials {
  readonly user?: string
  readonly password?: Secret
  readonly token?: Secret
  /** Returns the text of the credentials file (a JWT and the seed of its NKey). */
  readonly creds?: () => string
  /** Returns the seed of an NKey. */
  readonly nkey?: () => string
  /**
   * Always use TLS: a server without TLS is refused before anything is sent to it. undefined: the
   * server decides.
   */
  readonly tls?: NatsTls
}

/**
 * PEM texts. The client certificate is optional; without a `ca`, the authorities of the system are
 * trusted.
 */
export interface NatsTls extends Pick<TlsMaterial, 'ca' | 'cert' | 'key'> {
  /** Whether TLS begins before the server sends anything (its `handshake_first`). */
  readonly first: boolean
}

const RECONNECT_WAIT_MS = 200
const DIAL_TIMEOUT_MS = 2000
const FLUSH_TIMEOUT_MS = 500

/** Where answers to a process arrive: nobody else may listen there. */
export const inboxPrefixOf = (node: string): string => `_INBOX.${subjectToken(node)}`

/** How often the log says again that the bus is open to everybody, ms. */
const REMIND_MS = 3_600_000

const OPEN_TO_ALL =
  'the NATS servers accept every client: whoever reaches them can speak in the name of every role. Give each process an account of ' +
  'its own: instance-ha bus-permissions prints them'

interface LinkOptions {
  readonly servers: readonly string[]
  readonly node: string
  readonly credentials: NatsCredentials
}

/** A connection that is renewed automatically. */
export class NatsLink implements AsyncDisposable {
  readonly node: string
  readonly #around: Surroundings
  readonly #settings: ConnectionOptions
  readonly #ending = new AbortController()
  readonly #listeners = new Set<(connection: NatsConnection) => void>()
  readonly #life: Promise<void>
  #connection: NatsConnection | undefined
  #up = false
  #stopReminding: Cancel = ignore

  constructor(around: Surroundings, { servers, node, credentials }: LinkOptions) {
    this.node = node
    this.#around = around
    this.#settings = {
      servers: [...servers],
      inboxPrefix: inboxPrefixOf(node),
      noRandomize: true, // the node's own server is tried first
      pingInterval: 1000,
      maxPingOut: 2,
      timeout: DIAL_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => RECONNECT_WAIT_MS * (1 + around.random.next()),
      ignoreAuthErrorAbort: true, // a password that is being rotated must not end us
      noAsyncTraces: true,
      // The library ignores the scheme: without this, a password goes out in clear to a server that
      // offers no TLS.
      ...(servers.some(isEncrypted) ? { tls: {} } : {}),
      ...secretsOf(credentials, servers),
    }
    this.#life = this.#live()
  }

  /** Aborts when the link ends. */
  get ending(): AbortSignal {
    return this.#ending.signal
  }

  /** The connection; undefined while nothing can be sent over it. */
  connection(): NatsConnection | undefined {
    return this.#up ? this.#connection : undefined
  }

  /**
   * Calls the listener with every connection that comes up, also when the same one comes up again.
   */
  onUp(listener: (connection: NatsConnection) => void): Cancel {
    this.#listeners.add(listener)
    const connection = this.connection()
    if (connection !== undefined) listener(connection)
    return () => void this.#listeners.delete(listener)
  }

  /** Sends if the connection is up. Never throws: otherwise the message is lost. */
  send(subject: string, body: Uint8Array, reply?: string): void {
    const connection = this.connection()
    try {
      connection?.publish(subject, body, reply === undefined ? {} : { reply })
      if (connection !== undefined) this.unlessDenied(connection, 'publish', subject)
    } catch (error) {
      this.#around.log.warn({ subject, reason: describeError(error) }, 'a message was not sent')
    }
  }

  /**
   * Called for something that was denied before and is tried again. It counts as allowed, unless
   * the server denies it again before it answers a ping.
   */
  unlessDenied(
    connection: NatsConnection,
    operation: 'publish' | 'subscribe',
    subject: string,
  ): void {
    const { troubles } = this.#around
    const before = troubles.denials(operation, subject)
    if (before === undefined) return
    const answered = (): void => {
      if (troubles.denials(operation, subject) === before) troubles.allow(operation, subject)
    }
    connection.flush().then(answered, ignore)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = this.connection()
    this.#ending.abort()
    this.#stopReminding()
    if (connection !== undefined) {
      const flushed = connection.flush().then(ignore, ignore) // a loss does not matter, because we are closing
      await Promise.race([flushed, sleep(this.#around.clock, FLUSH_TIMEOUT_MS)])
    }
    await this.#connection?.close()
    await this.#life
  }

  async #live(): Promise<void> {
    const goal = { what: 'connect to NATS', signal: this.#ending.signal }
    while (!this.#ending.signal.aborted) {
      const connection = await untilItWorks(this.#around, goal, () => dialNats(this.#settings))
      if (connection === undefined) return
      this.#connection = connection
      if (this.#ending.signal.aborted) return await connection.close()
      this.#rise(connection)
      void this.#watch(connection)
      await connection.closed()
      this.#up = false
    }
  }

  /**
   * Never returns: when the connection closes, the library drops this iterator without ending it.
   */
  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.#note(connection, status)
  }

  #rise(connection: NatsConnection): void {
    this.#up = true
    this.#around.log.info({ server: connection.getServer() }, 'connected to NATS')
    this.#judge(connection)
    for (const listener of this.#listeners) listener(connection)
  }

  /** Says when the server accepts every client, unless only this machine reaches it: now, and every hour. */
  #judge(connection: NatsConnection): void {
    const { troubles, clock, log } = this.#around
    const isOpen = isOpenToAll(connection)
    troubles.degrade('authentication', isOpen ? OPEN_TO_ALL : undefined)
    this.#stopReminding()
    if (!isOpen || this.#ending.signal.aborted) return
    log.warn({ server: connection.getServer() }, OPEN_TO_ALL)
    this.#stopReminding = clock.schedule(REMIND_MS, () => {
      if (this.connection() === connection) this.#judge(connection)
    })
  }

  #note(connection: NatsConnection, status: Status): void {
    if (status.type === Events.Disconnect) {
      this.#up = false
      this.#around.log.warn({ server: status.data }, 'lost the connection to NATS')
    } else if (status.type === Events.Reconnect) {
      this.#rise(connection)
    } else if (status.type === Events.Error) {
      const { permissionContext: denied } = status
      this.#around.log.warn({ reason: status.data, ...denied }, 'NATS reports an error')
      if (denied === undefined) return
      const operation = denied.operation === 'publish' ? 'publish' : 'subscribe'
      this.#around.troubles.deny(operation, denied.subject)
    }
  }
}

/** A client certificate that the server verifies is an account, too. */
function isOpenToAll(connection: NatsConnection): boolean {
  const { info } = connection
  if (info === undefined || info.auth_required === true || info.tls_verify === true) return false
  return !isLoopback(connection.getServer())
}

/** @param server `host:port`, the host perhaps in brackets. */
export function isLoopback(server: string): boolean {
  const host = server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function secretsOf(
  { user, password, token, creds, nkey, tls }: NatsCredentials,
  servers: readonly string[],
): ConnectionOptions {
  const authenticator: readonly Authenticator[] = [
    ...(user === undefined
      ? []
      : [usernamePasswordAuthenticator(user, () => password?.reveal() ?? '')]),
    ...(token === undefined ? [] : [tokenAuthenticator(() => token.reveal())]),
    ...(creds === undefined ? [] : [credsAuthenticator(() => new TextEncoder().encode(creds()))]),
    ...(nkey === undefined ? [] : [nkeyAuthenticator(() => new TextEncoder().encode(nkey()))]),
  ]
  return {
    ...(authenticator.length === 0 ? {} : { authenticator: [...authenticator] }),
    ...(tls === undefined ? {} : { tls: tlsOf(tls, servers) }),
  }
}

/** The library passes all options on to Node, also those that its type does not name. */
const tlsOf = (
  { ca, cert, key, first }: NatsTls,
  servers: readonly string[],
): TlsOptions & Pick<ConnectOptions, 'checkServerIdentity'> => ({
  handshakeFirst: first,
  checkServerIdentity: serverIdentity(servers),
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
})

const isEncrypted = (server: string): boolean => server.startsWith('tls://')

const ignore = (): void => undefined
