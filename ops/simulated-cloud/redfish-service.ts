/** The BMC of one simulated host: the part of Redfish that fencing needs, over HTTPS. */
import { timingSafeEqual, createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { PowerState } from '../../actors/ports/power.ts'
import type { BmcCertificate } from './certificate.ts'

/** The machine that it switches. */
export interface SwitchedMachine {
  power(): PowerState
  powerOff(): void
}

export interface RedfishAccount {
  readonly username: string
  readonly password: string
}

const ROOT = '/redfish/v1'
const SYSTEM = `${ROOT}/Systems/1`
const SESSIONS = `${ROOT}/SessionService/Sessions`
const RESET = `${SYSTEM}/Actions/ComputerSystem.Reset`
/** As in many BMCs: more would mean that a client forgets to log out. */
const SESSIONS_MAX = 16
const SESSION_IDLE_MS = 60_000
const BODY_BYTES_MAX = 4096

const Login = Compile(Type.Object({ UserName: Type.String(), Password: Type.String() }))
const Reset = Compile(Type.Object({ ResetType: Type.Literal('ForceOff') }))

interface Reply {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Starts it. */
export async function startRedfishService(
  place: { readonly host: string; readonly port: number },
  identity: BmcCertificate & RedfishAccount,
  machine: SwitchedMachine,
): Promise<AsyncDisposable> {
  const service = new RedfishService(identity, machine)
  const { cert, key } = identity
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    service.serve(incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.on('tlsClientError', () => undefined) // a client closed the connection in the handshake
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(place.port, place.host, resolve)
  await promise
  return {
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

class RedfishService {
  readonly #account: RedfishAccount
  readonly #machine: SwitchedMachine
  /** By the token: the id in the address of the session, and when it was used last. */
  readonly #sessions = new Map<string, { readonly id: string; usedAtMs: number }>()

  constructor(account: RedfishAccount, machine: SwitchedMachine) {
    this.#account = account
    this.#machine = machine
  }

  async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of incoming) {
      const part = Buffer.from(chunk)
      bytes += part.length
      if (bytes > BODY_BYTES_MAX) throw new RangeError('the body is too long')
      chunks.push(part)
    }
    const text = Buffer.concat(chunks).toString()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    const token = incoming.headers['x-auth-token']
    const path = (incoming.url ?? '').replace(/\/$/, '')
    const {
      status,
      body: answer,
      headers,
    } = this.#answer(`${incoming.method} ${path}`, token, body)
    outgoing.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    outgoing.end(answer === undefined ? '' : JSON.stringify(answer))
  }

  #answer(request: string, token: unknown, body: unknown): Reply {
    if (request === `GET ${ROOT}`) return { status: 200, body: rootView }
    if (request === `POST ${SESSIONS}`) return this.#logIn(body)
    if (!this.#isOpen(token)) return { status: 401, body: failure('NoValidSession') }
    if (request === `GET ${SYSTEM}`) return { status: 200, body: this.#system() }
    if (request === `POST ${RESET}`) return this.#reset(body)
    return this.#logOut(request)
  }

  #logIn(body: unknown): Reply {
    const { username, password } = this.#account
    const isRight =
      Login.Check(body) && body.UserName === username && isSame(body.Password, password)
    if (!isRight) return { status: 401, body: failure('ResourceAtUriUnauthorized') }
    this.#endIdle()
    if (this.#sessions.size >= SESSIONS_MAX) {
      return { status: 503, body: failure('SessionLimitExceeded') }
    }
    const [token, id] = [randomUUID(), randomUUID()]
    this.#sessions.set(token, { id, usedAtMs: performance.now() })
    const Location = `${SESSIONS}/${id}`
    return {
      status: 201,
      body: { '@odata.id': Location },
      headers: { 'X-Auth-Token': token, Location },
    }
  }

  #logOut(request: string): Reply {
    for (const [token, { id }] of this.#sessions) {
      if (request !== `DELETE ${SESSIONS}/${id}`) continue
      this.#sessions.delete(token)
      return { status: 204 }
    }
    return { status: 404, body: failure('ResourceMissingAtURI') }
  }

  #isOpen(token: unknown): boolean {
    this.#endIdle()
    const session = typeof token === 'string' ? this.#sessions.get(token) : undefined
    if (session !== undefined) session.usedAtMs = performance.now()
    return session !== undefined
  }

  #endIdle(): void {
    const sinceMs = performance.now() - SESSION_IDLE_MS
    for (const [token, { usedAtMs }] of this.#sessions) {
      if (usedAtMs < sinceMs) this.#sessions.delete(token)
    }
  }

  #system(): object {
    return {
      '@odata.id': SYSTEM,
      PowerState: this.#machine.power() === 'on' ? 'On' : 'Off',
      Actions: {
        '#ComputerSystem.Reset': {
          target: RESET,
          'ResetType@Redfish.AllowableValues': ['ForceOff'],
        },
      },
    }
  }

  #reset(body: unknown): Reply {
    if (!Reset.Check(body)) return { status: 400, body: failure('ActionParameterValueFormatError') }
    this.#machine.powerOff()
    return { status: 204 }
  }
}

const rootView = {
  RedfishVersion: '1.6.0',
  Systems: { '@odata.id': `${ROOT}/Systems` },
  Links: { Sessions: { '@odata.id': SESSIONS } },
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other))

const failure = (id: string): object => ({
  error: {
    code: 'Base.1.8.GeneralError',
    '@Message.ExtendedInfo': [{ MessageId: `Base.1.8.${id}` }],
  },
})
