/** The console as a browser reaches it: with its cookie, its origin and its value against forgery. */
import type { Secret } from '../../schema/control-attributes.ts'
import type { LoginPort, LoginProof } from '../../actors/ports/login.ts'
import { Secret as SecretText } from '../../schema/control-attributes.ts'
import { at, startGateway, textAt, type Answer, type GatewayWorld } from './gateway.ts'

export const IDLE_MS = 1_800_000

/** Everybody's password is this one; the token is `<name>-token`. */
export const PASSWORD = 'c0rrect horse'

export interface ConsoleWorld extends GatewayWorld {
  /** What the Identity service was asked to log in. */
  readonly proofs: LoginProof[]
  readonly revoked: string[]
}

type Replaced = NonNullable<Parameters<typeof startGateway>[0]>

/** A gateway with a console and an Identity service. */
export async function startConsole(
  replaced: Replaced = {},
  sessionKey?: Secret,
): Promise<ConsoleWorld> {
  const proofs: LoginProof[] = []
  const revoked: string[] = []
  const login: LoginPort = {
    login: async (proof) => {
      proofs.push(proof)
      const given = proof.kind === 'password' ? proof.password : proof.secret
      const name = proof.kind === 'password' ? proof.username : proof.id
      return given.reveal() === PASSWORD ? new SecretText(`${name}-token`) : undefined
    },
    revoke: async (token) => {
      revoked.push(token.reveal())
    },
  }
  const console = { sessionKey, idleMs: IDLE_MS }
  const options = { ...replaced.options, console }
  const world = await startGateway({ login, ...replaced, options })
  return { ...world, proofs, revoked }
}

const ORIGIN = { origin: 'http://localhost', host: 'localhost' }

/** A browser with one session. */
export class Browser {
  readonly #world: GatewayWorld
  cookie = ''
  csrf = ''

  constructor(world: GatewayWorld) {
    this.#world = world
  }

  async logIn(username: string, password = PASSWORD): Promise<Answer> {
    return await this.enter({ method: 'password', username, password, project: 'infra' })
  }

  async enter(body: object): Promise<Answer> {
    return this.#keep(await this.send('POST', '/console/session', body))
  }

  async send(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const own = { ...ORIGIN, cookie: this.cookie, 'x-csrf-token': this.csrf }
    const payload = body === undefined ? {} : { body }
    return await this.#world.call({
      method,
      url,
      token: '',
      headers: { ...own, ...headers },
      ...payload,
    })
  }

  /** Takes the cookie of an answer, as a browser does. */
  #keep(answer: Answer): Answer {
    const set = answer.headers['set-cookie']
    if (typeof set === 'string') this.cookie = set.split(';', 1)[0] ?? ''
    if (at(answer.json, 'csrf') !== undefined) this.csrf = textAt(answer.json, 'csrf')
    return answer
  }

  async touch(): Promise<Answer> {
    return this.#keep(await this.send('PUT', '/console/session'))
  }
}
