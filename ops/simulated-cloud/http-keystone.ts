/**
 * A small Keystone for the simulated cloud and for specs: password logins, tokens and their owners,
 * a small catalogue.
 */
import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { HttpServer, type HttpPlace, type HttpReply, type ServedRequest } from './http-server.ts'

export interface KeystoneAccount {
  readonly username: string
  readonly password: string
  readonly project: string
}

const DOMAIN = { id: 'default', name: 'Default' }
const TOKEN_LIFE_MS = 3_600_000

/** An application credential of the administrator, with its project. */
export const CREDENTIAL = { id: 'c0ffee', name: 'ha-desk', secret: 'cr3dential' }

const TokenLogin = Compile(
  Type.Object({
    auth: Type.Object({
      identity: Type.Object({ token: Type.Object({ id: Type.String() }) }),
      scope: Type.Object({}),
    }),
  }),
)
const CredentialLogin = Compile(
  Type.Object({
    auth: Type.Object({
      identity: Type.Object({
        application_credential: Type.Object({
          id: Type.Optional(Type.String()),
          name: Type.Optional(Type.String()),
          secret: Type.String(),
        }),
      }),
      scope: Type.Optional(Type.Never()),
    }),
  }),
)
const Login = Compile(
  Type.Object({
    auth: Type.Object({
      identity: Type.Object({
        password: Type.Object({
          user: Type.Object({ name: Type.String(), password: Type.String() }),
        }),
      }),
    }),
  }),
)

/** One administrator. Every token begins with `tokenPrefix`, so that a leaked one is recognised. */
export class HttpKeystone implements AsyncDisposable {
  account: KeystoneAccount
  readonly tokenPrefix: string
  readonly #roles = new Map<string, string>()
  readonly #services = new Map<string, string>()
  #server: HttpServer | undefined

  private constructor(account: KeystoneAccount, tokenPrefix: string, computeUrl: string) {
    this.account = account
    this.tokenPrefix = tokenPrefix
    this.offer('compute', computeUrl)
  }

  static async start(
    place: HttpPlace,
    account: KeystoneAccount,
    tokenPrefix: string,
    computeUrl: string,
  ): Promise<HttpKeystone> {
    const keystone = new HttpKeystone(account, tokenPrefix, computeUrl)
    keystone.#server = await HttpServer.start(place, async (request) => keystone.#answer(request))
    return keystone
  }

  get url(): string {
    return `${this.#server?.url}/v3`
  }

  /** Adds a service to the catalogue. */
  offer(type: string, url: string): void {
    this.#services.set(type, url)
  }

  /** Ends the token before its expiry. */
  revoke(token: string): void {
    this.#roles.delete(token)
  }

  /** The password is changed, which revokes all tokens, as in Keystone. Other tokens stay with their holders. */
  rotate(password: string, keptTokens: readonly string[] = []): void {
    this.account = { ...this.account, password }
    for (const token of this.#roles.keys()) {
      if (!keptTokens.includes(token)) this.#roles.delete(token)
    }
  }

  /** A token of a user who has this role. */
  issue(role: string): string {
    const token = `${this.tokenPrefix}-${randomUUID()}`
    this.#roles.set(token, role)
    return token
  }

  /** The role of the owner of a token; undefined when it is not valid. */
  roleOf(token: string): string | undefined {
    return this.#roles.get(token)
  }

  /** True for a token of an administrator. */
  isAdmin(token: unknown): boolean {
    return typeof token === 'string' && this.#roles.get(token) === 'admin'
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
  }

  async start(): Promise<void> {
    await this.#server?.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #answer({ method, url, headers, body }: ServedRequest): HttpReply {
    if (/^\/v3\/?$/.test(url.pathname)) return { status: 200, body: this.#version() }
    if (url.pathname !== '/v3/auth/tokens') return { status: 404 }
    if (method === 'POST') return this.#logIn(body)
    if (!this.isAdmin(headers['x-auth-token'])) return refused()
    const subject = headers['x-subject-token']
    const role = typeof subject === 'string' ? this.#roles.get(subject) : undefined
    return role === undefined ? { status: 404 } : { status: 200, body: this.#tokenBody(role) }
  }

  #logIn(body: unknown): HttpReply {
    if (TokenLogin.Check(body)) return this.#accept(this.roleOf(body.auth.identity.token.id))
    if (CredentialLogin.Check(body)) {
      const { id, name, secret } = body.auth.identity.application_credential
      const isNamed = id === undefined ? name === CREDENTIAL.name : id === CREDENTIAL.id
      return this.#accept(isNamed && secret === CREDENTIAL.secret ? 'admin' : undefined)
    }
    if (!Login.Check(body)) return refused()
    const { name, password } = body.auth.identity.password.user
    const { account } = this
    if (name !== account.username || password !== account.password) return refused()
    return this.#accept('admin')
  }

  #accept(role: string | undefined): HttpReply {
    if (role === undefined) return refused()
    const headers = { 'X-Subject-Token': this.issue(role) }
    return { status: 201, headers, body: this.#tokenBody(role) }
  }

  #tokenBody(role: string): object {
    const nowMs = Date.now()
    return {
      token: {
        issued_at: new Date(nowMs).toISOString(),
        expires_at: new Date(nowMs + TOKEN_LIFE_MS).toISOString(),
        methods: ['password'],
        user: { id: `user-${role}`, name: role, domain: DOMAIN },
        project: {
          id: '0123456789abcdef0123456789abcdef',
          name: this.account.project,
          domain: DOMAIN,
        },
        roles: [{ id: role, name: role }],
        catalog: [...this.#services].map(([type, url]) => ({
          id: type,
          type,
          name: type,
          endpoints: [{ id: type, interface: 'public', region: 'one', region_id: 'one', url }],
        })),
      },
    }
  }

  #version(): object {
    const links = [{ rel: 'self', href: `${this.url}/` }]
    return { version: { id: 'v3.14', status: 'stable', links, 'media-types': [] } }
  }
}

const refused = (): HttpReply => ({
  status: 401,
  body: { error: { code: 401, message: 'The request you have made requires authentication.' } },
})
