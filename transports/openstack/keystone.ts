/**
 * One Keystone login for all requests: the token is kept, renewed before it expires, and replaced
 * once after a 401.
 */
import { Type } from 'typebox'
import { CodedError, isCoded } from '../../schema/errors.ts'
import { credentialsOf, identityRoot, type Account } from './account.ts'
import { answerDecoder, faultText } from './answer-decoder.ts'
import { exchangeRepeatedly, retryAfterSeconds, type Timing } from './exchange-repeatedly.ts'
import type { HttpClient, HttpOutcome, HttpRequest } from './http-client.ts'

export interface KeystoneOptions extends Account {
  /** The region of the endpoints; undefined takes the first endpoint that fits. */
  readonly region: string | undefined
  readonly interface: 'public' | 'internal' | 'admin'
  /** The time limit of one call with its repeats, ms. */
  readonly requestTimeoutMs: number
}

/** The result of one login. */
export interface Session {
  readonly token: string
  /** The project of the token; null when Keystone does not show it. */
  readonly projectId: string | null
  /** The base URL of the Compute API; undefined when the catalogue has none that fits. */
  readonly computeUrl: string | undefined
  /** The same for the Placement API. */
  readonly placementUrl: string | undefined
}

interface KeptSession extends Session {
  readonly renewAtMs: number
  readonly expiresAtMs: number
}

export interface Keystone {
  /** The root of the Identity API, `…/v3`. */
  readonly url: string
  /**
   * Sends with the kept token; after a 401, once more with a new one. IDENTITY_UNAVAILABLE,
   * IDENTITY_REFUSED.
   */
  withSession(send: (session: Session) => Promise<HttpOutcome>): Promise<HttpOutcome>
  loginCount(): number
}

const decodeToken = answerDecoder(
  Type.Object({
    token: Type.Object({
      issued_at: Type.String(),
      expires_at: Type.String(),
      project: Type.Optional(Type.Object({ id: Type.String() })),
      catalog: Type.Array(
        Type.Object({
          type: Type.String(),
          endpoints: Type.Array(
            Type.Object({
              interface: Type.String(),
              region: Type.Optional(Type.Union([Type.String(), Type.Null()])),
              region_id: Type.Optional(Type.Union([Type.String(), Type.Null()])),
              url: Type.String(),
            }),
          ),
        }),
      ),
    }),
  }),
  'IDENTITY_UNAVAILABLE',
)
type Catalog = ReturnType<typeof decodeToken>['token']['catalog']

/**
 * How long before its expiry a token is renewed, ms; a token with a shorter life is renewed after
 * four fifths of it.
 */
const RENEWAL_MS = 300_000
/** The pause between renewals that fail while the old token is still valid, ms. */
const RENEWAL_RETRY_MS = 5000

/** Logs in when a session is first needed. `closing` ends its requests. */
export function openKeystone(
  client: HttpClient,
  timing: Timing,
  options: KeystoneOptions,
  closing: AbortSignal,
): Keystone {
  const { clock } = timing
  const url = identityRoot(options.authUrl)
  let current: KeptSession | undefined
  let pending: Promise<KeptSession> | undefined
  let count = 0

  const login = async (): Promise<KeptSession> => {
    count += 1
    const startMs = clock.monotonicMs()
    const outcome = await exchangeRepeatedly(client, timing, loginRequest(url, options), {
      deadlineMs: startMs + options.requestTimeoutMs,
      signal: closing,
    })
    current = sessionOf(outcome, startMs, timing, options)
    return current
  }
  const loginOnce = (): Promise<KeptSession> => {
    pending ??= login().finally(() => {
      pending = undefined
    })
    return pending
  }
  const renewBehind = async (session: KeptSession): Promise<void> => {
    try {
      await loginOnce()
    } catch (error) {
      if (!isCoded(error)) throw error
      // The old token is used meanwhile. When it has expired, the caller gets the error.
      if (current === session) {
        current = { ...session, renewAtMs: clock.monotonicMs() + RENEWAL_RETRY_MS }
      }
    }
  }
  const session = async (): Promise<Session> => {
    const nowMs = clock.monotonicMs()
    if (current === undefined || nowMs >= current.expiresAtMs) return loginOnce()
    if (nowMs >= current.renewAtMs && pending === undefined) void renewBehind(current)
    return current
  }
  const replace = (refused: Session): Promise<Session> =>
    current === undefined || current.token === refused.token
      ? loginOnce()
      : Promise.resolve(current)

  return {
    url,
    async withSession(send) {
      const used = await session()
      const outcome = await send(used)
      if (outcome.kind !== 'answered' || outcome.status !== 401) return outcome
      return send(await replace(used))
    },
    loginCount: () => count,
  }
}

function loginRequest(url: string, options: KeystoneOptions): HttpRequest {
  return {
    method: 'POST',
    url: `${url}/auth/tokens`,
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ auth: credentialsOf(options) }),
  }
}

function sessionOf(
  outcome: HttpOutcome,
  startMs: number,
  timing: Timing,
  options: KeystoneOptions,
): KeptSession {
  if (outcome.kind !== 'answered') {
    const text = `Keystone cannot be reached: ${outcome.detail}`
    throw new CodedError('IDENTITY_UNAVAILABLE', text, { cause: outcome.cause })
  }
  const token = outcome.headers['x-subject-token']
  if (outcome.status !== 201 || typeof token !== 'string') {
    const refused = [400, 401, 403].includes(outcome.status)
    const seconds = retryAfterSeconds(outcome, timing.clock)
    throw new CodedError(
      refused ? 'IDENTITY_REFUSED' : 'IDENTITY_UNAVAILABLE',
      `login of ${options.username}: Keystone answered ${outcome.status}: ${faultText(outcome.text)}`,
      seconds === undefined ? {} : { retryAfterSeconds: seconds },
    )
  }
  const decoded = decodeToken(outcome.text).token
  const { issued_at: issued, expires_at: expires, catalog } = decoded
  const projectId = decoded.project?.id ?? null
  const lifeMs = Date.parse(expires) - Date.parse(issued)
  if (!(lifeMs > 0)) {
    throw new CodedError('IDENTITY_UNAVAILABLE', `Keystone issued a token that ends at ${expires}`)
  }
  const expiresAtMs = startMs + lifeMs // by our own clock, so that a difference of the clocks does not matter
  const renewAtMs = expiresAtMs - Math.min(RENEWAL_MS, lifeMs / 5)
  const computeUrl = urlOf(catalog, 'compute', options)
  const placementUrl = urlOf(catalog, 'placement', options)
  return { token, projectId, computeUrl, placementUrl, renewAtMs, expiresAtMs }
}

function urlOf(
  catalog: Catalog,
  type: 'compute' | 'placement',
  wanted: Pick<KeystoneOptions, 'interface' | 'region'>,
): string | undefined {
  return catalog
    .filter((service) => service.type === type)
    .flatMap((service) => service.endpoints)
    .find(
      (endpoint) =>
        endpoint.interface === wanted.interface &&
        (wanted.region === undefined || wanted.region === (endpoint.region_id ?? endpoint.region)),
    )
    ?.url.replace(/\/+$/, '')
}
