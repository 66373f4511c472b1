/** Validates users' tokens with Keystone. The caller caches the answers. */
import { Type } from 'typebox'
import type { Caller, IdentityPort } from '../../actors/ports/identity.ts'
import { CodedError, describeError, isCoded } from '../../schema/errors.ts'
import { answerDecoder, faultText } from './answer-decoder.ts'
import { exchangeRepeatedly, type Timing } from './exchange-repeatedly.ts'
import type { HttpClient, HttpOutcome } from './http-client.ts'
import type { Keystone } from './keystone.ts'

interface IdentityOptions {
  readonly client: HttpClient
  readonly keystone: Keystone
  readonly timing: Timing
  readonly requestTimeoutMs: number
  /** Joins the caller's signal with the signal of closing. */
  readonly signalOf: (signal: AbortSignal | undefined) => AbortSignal
}

const decodeCaller = answerDecoder(
  Type.Object({
    token: Type.Object({
      expires_at: Type.String(),
      user: Type.Object({ id: Type.String() }),
      project: Type.Optional(Type.Object({ id: Type.String() })),
      system: Type.Optional(Type.Object({ all: Type.Optional(Type.Boolean()) })),
      roles: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
    }),
  }),
  'IDENTITY_UNAVAILABLE',
)

/** The characters that a header may hold. Any other text is no token of Keystone's. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/

/** The identity port on Keystone. */
export function identityOf(options: IdentityOptions): IdentityPort {
  const { client, keystone, timing } = options

  const ask = async (token: string, signal: AbortSignal): Promise<Caller | undefined> => {
    const deadlineMs = timing.clock.monotonicMs() + options.requestTimeoutMs
    const url = `${keystone.url}/auth/tokens?nocatalog=1`
    let serviceProjectId: string | null = null
    const outcome = await keystone.withSession((session) => {
      serviceProjectId = session.projectId
      const headers = { 'X-Auth-Token': session.token, 'X-Subject-Token': token }
      const request = { method: 'GET', url, headers } as const
      return exchangeRepeatedly(client, timing, request, { deadlineMs, signal })
    })
    return callerOf(outcome, serviceProjectId)
  }

  return {
    async validate(token, signal) {
      if (!TOKEN.test(token)) return undefined
      try {
        return await ask(token, options.signalOf(signal))
      } catch (error) {
        if (!isCoded(error, 'IDENTITY_REFUSED')) throw error
        // Our own account is refused. That proves nothing about the caller.
        throw new CodedError('IDENTITY_UNAVAILABLE', describeError(error), { cause: error })
      }
    },
  }
}

function callerOf(outcome: HttpOutcome, serviceProjectId: string | null): Caller | undefined {
  if (outcome.kind !== 'answered') {
    const text = `Keystone cannot be reached: ${outcome.detail}`
    throw new CodedError('IDENTITY_UNAVAILABLE', text, { cause: outcome.cause })
  }
  if (outcome.status === 404) return undefined
  if (outcome.status !== 200) {
    throw new CodedError(
      'IDENTITY_UNAVAILABLE',
      `validating a token: Keystone answered ${outcome.status}: ${faultText(outcome.text)}`,
    )
  }
  const { token } = decodeCaller(outcome.text)
  const expiresAt = Date.parse(token.expires_at)
  if (Number.isNaN(expiresAt)) {
    throw new CodedError('IDENTITY_UNAVAILABLE', `no time: expires_at ${token.expires_at}`)
  }
  return {
    userId: token.user.id,
    projectId: token.project?.id ?? null,
    systemScope: token.system?.all === true,
    serviceProjectId,
    roles: (token.roles ?? []).map((role) => role.name),
    expiresAt,
  }
}
