/** Logs people in at Keystone, with what they typed, and ends their tokens. */
import type { LoginPort, LoginProof, LoginScope } from '../../actors/ports/login.ts'
import { Secret } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import { faultText } from './answer-decoder.ts'
import type { Timing } from './exchange-repeatedly.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts'

interface LoginOptions {
  readonly client: HttpClient
  /** The root of the Identity API, `…/v3`. */
  readonly url: string
  readonly timing: Timing
  readonly requestTimeoutMs: number
  /** Joins the caller's signal with the signal of closing. */
  readonly signalOf: (signal: AbortSignal | undefined) => AbortSignal
}

/** The login port on Keystone. */
export function loginOf(options: LoginOptions): LoginPort {
  const { client, url, timing } = options

  const exchange = async (
    request: HttpRequest,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> => {
    const deadlineMs = timing.clock.monotonicMs() + options.requestTimeoutMs
    const outcome = await client.exchange(request, { deadlineMs, signal: options.signalOf(signal) })
    if (outcome.kind === 'answered') return outcome
    const text = `Keystone cannot be reached: ${outcome.detail}`
    throw new CodedError('IDENTITY_UNAVAILABLE', text, { cause: outcome.cause })
  }

  return {
    async login(proof, signal) {
      const body = JSON.stringify({ auth: authOf(proof) })
      const headers = { 'Content-Type': 'application/json', Accept: 'application/json' }
      const request = {
        method: 'POST',
        url: `${url}/auth/tokens?nocatalog=1`,
        headers,
        body,
      } as const
      const answer = await exchange(request, signal)
      const token = answer.headers['x-subject-token']
      if (answer.status === 201 && typeof token === 'string') return new Secret(token)
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return undefined
      throw unexpected('a log-in', answer)
    },
    async revoke(token, signal) {
      const headers = { 'X-Auth-Token': token.reveal(), 'X-Subject-Token': token.reveal() }
      const request = { method: 'DELETE', url: `${url}/auth/tokens`, headers } as const
      const answer = await exchange(request, signal)
      if (answer.status !== 204 && answer.status !== 401 && answer.status !== 404) {
        throw unexpected('the end of a token', answer)
      }
    },
  }
}

const unexpected = (what: string, { status, text }: HttpAnswer): CodedError =>
  new CodedError('IDENTITY_UNAVAILABLE', `${what}: Keystone answered ${status}: ${faultText(text)}`)

function authOf(proof: LoginProof): object {
  if (proof.kind === 'application-credential') {
    const credential = { id: proof.id, secret: proof.secret.reveal() }
    return {
      identity: { methods: ['application_credential'], application_credential: credential },
    }
  }
  const { username: name, domain, password } = proof
  const user = { name, domain: { name: domain }, password: password.reveal() }
  return {
    identity: { methods: ['password'], password: { user } },
    scope: scopeOf(proof.scope),
  }
}

const scopeOf = (scope: LoginScope): object =>
  scope.kind === 'system'
    ? { system: { all: true } }
    : { project: { name: scope.name, domain: { name: scope.domain } } }
