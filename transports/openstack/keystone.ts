/** One Keystone login for everything: token kept, renewed before it expires, replaced once after a 401. */
import { Type } from 'typebox'
import { CodedError, isCoded } from '../../schema/errors.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import { answerDecoder, faultText } from './answer-decoder.ts'
import { exchangeRepeatedly, retryAfterSeconds, type Timing } from './exchange-repeatedly.ts'
import type { HttpClient, HttpOutcome, HttpRequest } from './http-client.ts'

export interface KeystoneOptions {
  /** With or without `/v3`. */
  readonly authUrl: string
  readonly username: string
  readonly password: Secret
  readonly projectName: string
  readonly userDomainName: string
  readonly projectDomainName: string
  /** Region of the endpoints; undefined takes the first one that fits. */
  readonly region: string | undefined
  readonly interface: 'public' | 'internal' | 'admin'
  /** Bound of one call, its repeats included. */
  readonly requestTimeoutMs: number
}

/** What one login gives. */
export interface Session {
  readonly token: string
  /** The project that the token is for; null when Keystone does not say. */
  readonly projectId: string | null
  /** Base URL of the Compute API; undefined when the catalogue has none that fits. */
  readonly computeUrl: string | undefined
  /** The same of the Placement API. */
  readonly placementUrl: string | undefined
}

interface KeptSession extends Session {
  readonly renewAtMs: number
  readonly expiresAtMs: number
}

export interface Keystone {
  /** Root of the Identity API, `…/v3`. */
  readonly url: string
  /** Sends with the kept token; after a 401 once more with a new one. IDENTITY_UNAVAILABLE, IDENTITY_REFUSED. */
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

/** Renewal begins this long before expiry, or at four fifths of a shorter life. */
const RENEWAL_MS = 300_000
/** While renewals fail and the old token still works, they are this far apart. */
const RENEWAL_RETRY_MS = 5000

/** Logs in when first needed; `closing` ends its requests. */
export function openKeystone(
  client: HttpClient,
  timing: Timing,
  options: KeystoneOptions,
  closing: AbortSignal,
): Keystone {
  const { clock } = timing
  const url = `${options.authUrl.replace(/\/+$/, '').replace(/\/v3$/, '')}/v3`
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
      // The old token serves on meanwhile; once it expires the failure is the caller's.
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
  const user = {
    name: options.username,
    domain: { name: options.userDomainName },
    password: options.password.reveal(),
  }
  const project = { name: options.projectName, domain: { name: options.projectDomainName } }
  const auth = { identity: { methods: ['password'], password: { user } }, scope: { project } }
  return {
    method: 'POST',
    url: `${url}/auth/tokens`,
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ auth }),
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
  const expiresAtMs = startMs + lifeMs // by our own clock, so that skew does not matter
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
