/**
 * A cloud of a few lines: it answers logins itself and everything else as the spec says, over real
 * HTTP.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Secret } from '../../../schema/control-attributes.ts'
import {
  openOpenstack,
  type Openstack,
  type OpenstackOptions,
} from '../../../transports/openstack/open-openstack.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { silentLog } from '../../support/logs.ts'

export interface Request {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export interface Reply {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** silence: the request is read and never answered; cut: the connection is reset instead. */
export type Behaviour = (request: Request) => Reply | 'silence' | 'cut'

export const PASSWORD = 'hush-password'
const TOKEN = 'hush-token'

/** Each login gives a new token, and only the latest one is valid; another token gets 401. */
export class SmallCloud implements AsyncDisposable {
  readonly requests: Request[] = []
  connections = 0
  tokenLifeMs = 3_600_000
  /** How logins are answered; undefined: with a token. */
  login: Behaviour | undefined
  /** How all other requests are answered. */
  api: Behaviour = () => ({ status: 500 })
  /** URL of the Compute endpoints; undefined: of this cloud. */
  computeUrl: string | undefined
  #logins = 0
  readonly #server: Server
  readonly #scheme: string

  private constructor(tls?: { readonly key: string; readonly cert: string }) {
    const listener: RequestListener = (incoming, outgoing) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const reply = this.#replyTo(incoming, Buffer.concat(chunks).toString())
        if (reply === 'silence') return
        if (reply === 'cut') return void incoming.socket.resetAndDestroy()
        const { status, headers, body } = reply
        outgoing.writeHead(status, { 'Content-Type': 'application/json', ...headers })
        outgoing.end(typeof body === 'string' ? body : JSON.stringify(body))
      })
    }
    this.#scheme = tls === undefined ? 'http' : 'https'
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
    this.#server.on('connection', () => {
      this.connections += 1
    })
  }

  static async start(tls?: { readonly key: string; readonly cert: string }): Promise<SmallCloud> {
    const cloud = new SmallCloud(tls)
    const { promise, resolve } = Promise.withResolvers<void>()
    cloud.#server.listen(0, '127.0.0.1', resolve)
    await promise
    return cloud
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo // it listens on TCP
    return `${this.#scheme}://127.0.0.1:${port}`
  }

  get token(): string {
    return `${TOKEN}-${this.#logins}`
  }

  /** Requests that were no logins. */
  get calls(): readonly Request[] {
    return this.requests.filter((request) => request.method !== 'POST' || !isLogin(request))
  }

  /** The next request's token is refused. */
  forgetTokens(): void {
    this.#logins += 1
  }

  #replyTo(incoming: IncomingMessage, text: string): ReturnType<Behaviour> {
    const { method = '', url: path = '', headers } = incoming
    const request = { method, path, headers, body: text === '' ? undefined : JSON.parse(text) }
    this.requests.push(request)
    if (method === 'POST' && isLogin(request)) return this.login?.(request) ?? this.#logIn()
    if (headers['x-auth-token'] !== this.token) {
      return { status: 401, body: { error: { code: 401, message: 'who are you?' } } }
    }
    return this.api(request)
  }

  #logIn(): Reply {
    this.#logins += 1
    const issuedAt = Date.now() - 86_400_000 // a clock that is a day late changes nothing
    const endpoints = [
      endpoint('public', 'one', `${this.url}/wrong`),
      endpoint('internal', 'two', `${this.url}/wrong`),
      endpoint('internal', 'one', this.computeUrl ?? `${this.url}/v2.1/`),
    ]
    return {
      status: 201,
      headers: { 'X-Subject-Token': this.token },
      body: {
        token: {
          issued_at: new Date(issuedAt).toISOString(),
          expires_at: new Date(issuedAt + this.tokenLifeMs).toISOString(),
          project: { id: 'service-project', name: 'service' },
          catalog: [
            { type: 'volumev3', endpoints: [endpoint('internal', 'one', 'http://volume')] },
            { type: 'compute', endpoints },
            { type: 'placement', endpoints: [endpoint('internal', 'one', `${this.url}/place`)] },
          ],
        },
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    await promise
  }
}

const endpoint = (kind: string, region: string, url: string): object => ({
  interface: kind,
  region,
  region_id: region,
  url,
})

const isLogin = (request: Request): boolean => request.path === '/v3/auth/tokens'

/** A real clock that a spec can move forward. */
export class ShiftedClock extends SystemClock {
  shiftMs = 0
  override monotonicMs(): number {
    return super.monotonicMs() + this.shiftMs
  }
}

/** Our ports on that cloud. */
export const openTo = (
  cloud: SmallCloud,
  changes: Partial<OpenstackOptions> = {},
): Promise<Openstack> =>
  openOpenstack({
    authUrl: cloud.url,
    username: 'ha',
    password: new Secret(PASSWORD),
    userDomain: { name: 'Default' },
    project: { name: 'service', domain: { name: 'Default' } },
    region: 'one',
    interface: 'internal',
    clock: new SystemClock(),
    random: new SystemRandom(),
    requestTimeoutMs: 10_000,
    log: silentLog,
    ...changes,
  })

/** A server as Nova shows it to administrators. */
export const serverOf = (id: string, host: string | null, more: object = {}): object => ({
  id,
  name: `name of ${id}`,
  tenant_id: 'a project',
  status: 'ACTIVE',
  'OS-EXT-SRV-ATTR:host': host,
  'OS-EXT-STS:vm_state': 'active',
  'OS-EXT-STS:task_state': null,
  'OS-EXT-STS:power_state': 1,
  metadata: { HA_Enabled: 'True' },
  image: { id: 'an image' },
  locked: false,
  flavor: { vcpus: 1, ram: 2048, disk: 10, ephemeral: 0, swap: 0 },
  ...more,
})

/** A fault in Nova's form. */
export const fault = (status: number, name: string, message: string): Reply => ({
  status,
  headers: { 'x-openstack-request-id': 'req-of-nova' },
  body: { [name]: { code: status, message } },
})
