/** A BMC for specs with Redfish over HTTPS, which can deviate from the standard as vendors do. */
import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { X509Certificate } from 'node:crypto'
import { Secret, type RedfishSettings } from '../../schema/control-attributes.ts'
import type { PowerState } from '../../actors/ports/power.ts'
import { makeAuthority } from './certificates.ts'
import { freePort, listenOn, temporaryDirectory } from './process.ts'
import { openTcpRelay, type TcpRelay } from './tcp-relay.ts'

/** The differences between vendors; each default is the standard. */
export interface RedfishHabits {
  /** none: 405 and no link (old iDRACs); hidden: the root needs a login. */
  readonly sessions?: 'linked' | 'none' | 'hidden'
  /** POST to a collection without a slash at its end is redirected (old Supermicro). */
  readonly redirects?: 'no' | 'to a slash' | 'elsewhere'
  readonly sessionsMax?: number
  /** A session that was not used for so long ends, ms; undefined: none does. */
  readonly sessionIdleMs?: number
  /** The clock of the sessions. */
  readonly nowMs?: () => number
  /** Whether user and password are taken with a request; the standard lets owners refuse that. */
  readonly basic?: 'taken' | 'refused'
  readonly acceptedWith?: 200 | 202 | 204
  /** The answer to the order when the machine is off already. */
  readonly whenOff?: 204 | 400 | 409
  /** Whether the order needs the ETag of the machine. */
  readonly needsEtag?: boolean
  /** Reset types that are offered; undefined: the service does not list them. */
  readonly offers?: (power: PowerState) => readonly string[] | undefined
  /** How the state is spelled while the machine is on, off, or between. */
  readonly spells?: (power: PowerState) => unknown
  /** A refusal ends in the middle of its body (old iDRACs). */
  readonly cutsRefusals?: boolean
  /** Location of a session as a path, a URL, or only in the body. */
  readonly locations?: 'path' | 'url' | 'body'
  /** Members in other cases, as some old services have them. */
  readonly case?: 'standard' | 'lower'
}

export type RedfishTemper = 'obey' | 'refuse' | 'lie' | 'starting' | 'endless'

/** One request as it arrived. */
export interface SeenRequest {
  readonly atMs: number
  readonly method: string
  readonly path: string
  readonly login: 'none' | 'token' | 'basic'
  readonly headers: IncomingHttpHeaders
}

export interface RedfishBmc extends AsyncDisposable {
  /** With the fingerprint of its certificate. */
  readonly settings: RedfishSettings
  /** The authority of its certificate, PEM. */
  readonly ca: string
  readonly wire: TcpRelay
  power(): PowerState
  setPower(state: PowerState): void
  setTemper(temper: RedfishTemper): void
  requests(): readonly SeenRequest[]
  sessions(): readonly string[]
  /** Forgets all sessions, as after a restart of its web service. */
  expire(): void
  kill(): Promise<void>
  restart(): Promise<void>
}

const SYSTEM = '/redfish/v1/Systems/1'
const SESSIONS = '/redfish/v1/SessionService/Sessions'
const RESET = `${SYSTEM}/Actions/ComputerSystem.Reset`
const ETAG = 'W/"1"'

interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** The machine that a BMC switches. */
export interface RedfishMachine {
  power: PowerState
}

/** What many BMCs may share: a certificate for 127.0.0.1, its key, and its authority, as PEM. */
export interface RedfishIdentity {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

/** Makes a certificate with an authority of its own. */
export async function makeRedfishIdentity(): Promise<RedfishIdentity> {
  await using directory = await temporaryDirectory('redfish')
  const authority = makeAuthority(directory.path)
  const files = await authority.issue('bmc', 'IP:127.0.0.1')
  const [ca, cert, key] = await Promise.all(
    [authority.ca, files.cert, files.key].map((file) => readFile(file, 'utf8')),
  )
  if (ca === undefined || cert === undefined || key === undefined) throw new Error('no certificate')
  return { ca, cert, key }
}

/** Starts a BMC on a free port of 127.0.0.1, behind a relay that can hold bytes back. Its machine is powered on unless one is given. */
export async function startRedfishBmc(
  habits: RedfishHabits = {},
  machine: RedfishMachine = { power: 'on' },
  identity?: RedfishIdentity,
): Promise<RedfishBmc> {
  await using stack = new AsyncDisposableStack()
  const { ca, ...tls } = identity ?? (await makeRedfishIdentity())
  const port = await freePort()
  const service = new RedfishService(habits, machine)
  let server: Server | undefined
  const start = async (): Promise<void> => {
    server = createServer({ ...tls, keepAliveTimeout: 600_000 }, (incoming, outgoing) => {
      service.serve(incoming, outgoing).catch(() => outgoing.destroy())
    })
    server.on('tlsClientError', () => undefined) // a client closed the connection in the handshake
    await listenOn(server, port)
  }
  const kill = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (server?.listening !== true) return
    server.close(() => resolve())
    server.closeAllConnections()
    service.expire()
    await promise
  }
  await start()
  stack.defer(kill)
  const wire = stack.use(await openTcpRelay(port))
  const owned = stack.move()
  return {
    settings: {
      kind: 'redfish',
      url: `https://127.0.0.1:${wire.port}${SYSTEM}`,
      username: 'fence',
      password: service.password,
      fingerprints: [new X509Certificate(tls.cert).fingerprint256],
    },
    ca,
    wire,
    power: () => machine.power,
    setPower: (state) => void (machine.power = state),
    setTemper: (temper) => void (service.temper = temper),
    requests: () => service.requests,
    sessions: () => [...service.sessions.keys()],
    expire: () => service.expire(),
    async kill() {
      await kill()
      wire.cut()
    },
    async restart() {
      await kill()
      wire.cut()
      await start()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What is behind the socket. */
class RedfishService {
  readonly password = new Secret('s3cr3t-of-the-redfish-bmc')
  readonly sessions = new Map<string, { readonly id: string; usedAtMs: number }>()
  readonly requests: SeenRequest[] = []
  temper: RedfishTemper = 'obey'
  readonly #habits: RedfishHabits
  readonly #machine: RedfishMachine
  #opened = 0

  constructor(habits: RedfishHabits, machine: RedfishMachine) {
    this.#habits = habits
    this.#machine = machine
  }

  expire(): void {
    this.sessions.clear()
  }

  async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk))
    const text = Buffer.concat(chunks).toString()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    const { method = '', url: path = '', headers } = incoming
    this.requests.push({ atMs: Date.now(), method, path, login: loginOf(headers), headers })
    if (this.temper === 'endless') return this.#pour(outgoing)
    const answer = this.#answer(method, path, headers, body)
    const json = answer.body === undefined ? '' : JSON.stringify(this.#cased(answer.body))
    const length = Buffer.byteLength(json)
    const isCut = this.#habits.cutsRefusals === true && answer.status >= 400
    outgoing.writeHead(answer.status, {
      'Content-Type': 'application/json',
      'Content-Length': isCut ? length + 10 : length,
      ...answer.headers,
    })
    if (isCut) outgoing.write(json, () => outgoing.destroy())
    else outgoing.end(json)
  }

  /** Sends without an end. */
  #pour(outgoing: ServerResponse): void {
    outgoing.writeHead(200, { 'Content-Type': 'application/json' })
    const more = (): void => {
      while (!outgoing.destroyed && outgoing.write(' '.repeat(65_536))) continue
    }
    outgoing.on('drain', more)
    more()
  }

  #cased(value: unknown): unknown {
    if (this.#habits.case !== 'lower' || typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((item: unknown) => this.#cased(item))
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name.toLowerCase(), this.#cased(inner)]),
    )
  }

  #answer(method: string, url: string, headers: IncomingHttpHeaders, body: unknown): Answer {
    if (this.temper === 'starting') return failure(503, 'Base.1.8.ServiceTemporarilyUnavailable')
    const path = url.replace(/\/$/, '')
    return path === SESSIONS && method === 'POST'
      ? this.#logInAt(url, body)
      : this.#shown(method, path, headers, body)
  }

  #logInAt(url: string, body: unknown): Answer {
    const { redirects = 'no' } = this.#habits
    if (redirects === 'no' || url.endsWith('/')) return this.#logIn(body)
    const Location = redirects === 'elsewhere' ? `https://192.0.2.1${SESSIONS}/` : `${url}/`
    return { status: 308, headers: { Location } }
  }

  #shown(method: string, path: string, headers: IncomingHttpHeaders, body: unknown): Answer {
    const isLoggedIn = this.#isLoggedIn(headers)
    if (path === '/redfish/v1') {
      return this.#habits.sessions === 'hidden' && !isLoggedIn ? NO_SESSION : this.#root()
    }
    return isLoggedIn ? this.#known(method, path, headers, body) : NO_SESSION
  }

  #known(method: string, path: string, headers: IncomingHttpHeaders, body: unknown): Answer {
    switch (`${method} ${path}`) {
      case `GET ${SYSTEM}`:
        return this.#system()
      case `POST ${RESET}`:
        return this.#reset(headers, body)
      default:
        return method === 'DELETE' ? this.#logOut(path) : MISSING
    }
  }

  #logOut(path: string): Answer {
    for (const [token, { id }] of this.sessions) {
      if (path !== `${SESSIONS}/${id}`) continue
      this.sessions.delete(token)
      return { status: 204 }
    }
    return MISSING
  }

  #root(): Answer {
    const { sessions = 'linked' } = this.#habits
    const links = sessions === 'none' ? {} : { Sessions: { '@odata.id': SESSIONS } }
    const body = {
      RedfishVersion: '1.6.0',
      Systems: { '@odata.id': '/redfish/v1/Systems' },
      Links: links,
    }
    return { status: 200, body }
  }

  #system(): Answer {
    const { offers = () => ['On', 'ForceOff', 'GracefulShutdown'], spells } = this.#habits
    const types = offers(this.#machine.power)
    const allowable = types === undefined ? {} : { 'ResetType@Redfish.AllowableValues': types }
    const body = {
      '@odata.id': SYSTEM,
      '@odata.etag': ETAG,
      '@odata.type': '#ComputerSystem.v1_5_0.ComputerSystem',
      PowerState: spells?.(this.#machine.power) ?? (this.#machine.power === 'on' ? 'On' : 'Off'),
      Actions: { '#ComputerSystem.Reset': { target: RESET, ...allowable } },
    }
    return { status: 200, body, headers: { ETag: ETAG } }
  }

  #reset(headers: IncomingHttpHeaders, body: unknown): Answer {
    const { acceptedWith = 204, whenOff = 204, needsEtag = false } = this.#habits
    if (memberOf(body, 'ResetType') !== 'ForceOff')
      return failure(400, 'Base.1.8.ActionParameterValueFormatError')
    if (needsEtag && headers['if-match'] !== ETAG)
      return failure(412, 'Base.1.8.PreconditionFailed')
    if (this.temper === 'refuse') return failure(400, 'Base.1.8.ActionNotSupported')
    if (this.#machine.power === 'off' && whenOff !== 204) {
      return failure(whenOff, 'iLO.0.10.InvalidOperationForSystemState')
    }
    if (this.temper === 'obey') this.#machine.power = 'off'
    return acceptedWith === 202
      ? { status: 202, body: {}, headers: { Location: '/redfish/v1/TaskService/Tasks/1' } }
      : { status: acceptedWith }
  }

  #logIn(body: unknown): Answer {
    const { sessions = 'linked', sessionsMax = 8, locations = 'path' } = this.#habits
    if (sessions === 'none') return { status: 405 }
    if (!this.#isRight(memberOf(body, 'UserName'), memberOf(body, 'Password'))) {
      return failure(401, 'Base.1.8.ResourceAtUriUnauthorized')
    }
    this.#endIdle()
    if (this.sessions.size >= sessionsMax) return failure(503, 'IDRAC.2.4.RAC0218')
    this.#opened += 1
    const [token, id] = [`token-${this.#opened}`, String(this.#opened)]
    this.sessions.set(token, { id, usedAtMs: this.#nowMs() })
    const place = `${SESSIONS}/${id}`
    const Location = locations === 'url' ? `https://127.0.0.1${place}` : place
    return {
      status: 201,
      body: { '@odata.id': place },
      headers: { 'X-Auth-Token': token, ...(locations === 'path' ? { Location } : {}) },
    }
  }

  #isLoggedIn({ authorization, ...headers }: IncomingHttpHeaders): boolean {
    const token = headers['x-auth-token']
    if (typeof token === 'string') return this.#isOpen(token)
    if (authorization === undefined || this.#habits.basic === 'refused') return false
    const [user, ...rest] = Buffer.from(authorization.slice(6), 'base64').toString().split(':')
    return this.#isRight(user, rest.join(':'))
  }

  #isOpen(token: string): boolean {
    this.#endIdle()
    const session = this.sessions.get(token)
    if (session !== undefined) session.usedAtMs = this.#nowMs()
    return session !== undefined
  }

  #nowMs(): number {
    return this.#habits.nowMs?.() ?? performance.now()
  }

  #endIdle(): void {
    const { sessionIdleMs = Number.POSITIVE_INFINITY } = this.#habits
    const sinceMs = this.#nowMs() - sessionIdleMs
    for (const [token, { usedAtMs }] of this.sessions) {
      if (usedAtMs < sinceMs) this.sessions.delete(token)
    }
  }

  #isRight(username: unknown, password: unknown): boolean {
    return username === 'fence' && password === this.password.reveal()
  }
}

const loginOf = (headers: IncomingHttpHeaders): SeenRequest['login'] => {
  if (headers['x-auth-token'] !== undefined) return 'token'
  return headers.authorization === undefined ? 'none' : 'basic'
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined

const failure = (status: number, MessageId: string): Answer => ({
  status,
  body: { error: { code: 'Base.1.8.GeneralError', '@Message.ExtendedInfo': [{ MessageId }] } },
})

const MISSING = failure(404, 'Base.1.8.ResourceMissingAtURI')
const NO_SESSION = failure(401, 'Base.1.8.NoValidSession')
