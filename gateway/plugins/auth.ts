/** Who calls: validates X-Auth-Token through the Identity service, and remembers the answer for a while. */
import { createHash } from 'node:crypto'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Caller, IdentityPort } from '../../actors/ports/identity.ts'
import { CodedError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { BoundedCache } from '../bounded-cache.ts'
import { withDeadline } from '../deadline.ts'

const VALID_MS_MAX = 300_000
const INVALID_MS = 10_000
const CACHED_MAX = 1000
const ASK_TIMEOUT_MS = 10_000

/** Everybody, when no Identity service is configured: for laboratories only. */
const ANYBODY: Caller = {
  userId: 'anybody',
  projectId: null,
  systemScope: false,
  serviceProjectId: null,
  roles: ['admin'],
  expiresAt: Number.POSITIVE_INFINITY,
}

/** Resolves a token to its owner; undefined when it is not valid. */
export type Authenticate = (token: string | undefined) => Promise<Caller | undefined>

/** An authenticator with a cache of its own. Without an Identity service everybody is admin. */
export function authenticator(identity: IdentityPort | undefined, clock: ClockPort): Authenticate {
  if (identity === undefined) return async () => ANYBODY
  const valid = new BoundedCache<Caller>(clock, CACHED_MAX)
  const invalid = new BoundedCache<true>(clock, CACHED_MAX)
  const asking = new Map<string, Promise<Caller | undefined>>()

  const ask = async (token: string, key: string): Promise<Caller | undefined> => {
    const caller = await withDeadline(clock, ASK_TIMEOUT_MS, 'IDENTITY_UNAVAILABLE', (signal) =>
      identity.validate(token, signal),
    )
    const leftMs = (caller?.expiresAt ?? 0) - clock.wallMs()
    if (caller === undefined || leftMs <= 0) {
      invalid.set(key, true, INVALID_MS)
      return undefined
    }
    valid.set(key, caller, Math.min(leftMs, VALID_MS_MAX))
    return caller
  }

  return async (token) => {
    if (token === undefined || token === '') return undefined
    const key = createHash('sha256').update(token).digest('base64')
    const known = valid.get(key)
    // The wall clock may have jumped since: a token is never trusted past its end.
    if (known !== undefined && known.expiresAt > clock.wallMs()) return known
    if (invalid.get(key) === true) return undefined
    const running = asking.get(key) ?? ask(token, key).finally(() => asking.delete(key))
    asking.set(key, running)
    return running
  }
}

/** Lets only callers with a valid token in. */
export function requireCaller(app: GatewayApp, authenticate: Authenticate): void {
  app.addHook('onRequest', async (request) => {
    const token = request.headers['x-auth-token']
    const caller = await authenticate(typeof token === 'string' ? token : undefined)
    if (caller === undefined) throw new CodedError('TOKEN_INVALID', 'the token is not valid')
    request.caller = caller
  })
}
