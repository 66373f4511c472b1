/**
 * Finds out who calls: validates X-Auth-Token at the Identity service, and keeps the answer for a
 * while.
 */
import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Caller, IdentityPort } from '../../actors/ports/identity.ts'
import { CodedError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { clientAddress } from '../http/client-address.ts'
import { BoundedCache } from '../limits/bounded-cache.ts'
import { withDeadline } from '../limits/deadline.ts'
import { TokenBuckets } from '../limits/token-bucket.ts'

const VALID_MS_MAX = 300_000
const INVALID_MS = 10_000
const CACHED_MAX = 1000
const ASK_TIMEOUT_MS = 10_000

/**
 * How many tokens that turn out to be invalid may be checked, for one address and for all
 * addresses.
 */
const INVALID_OF_ADDRESS = { burst: 60, perSecond: 1 }
const INVALID_OF_ALL = { burst: 300, perSecond: 20 }
const ADDRESSES_MAX = 5000
const ALL = 'all'

/** The caller of every request when no Identity service is configured. For trials only. */
const ANYBODY: Caller = {
  userId: 'anybody',
  projectId: null,
  systemScope: false,
  serviceProjectId: null,
  roles: ['admin'],
  expiresAt: Number.POSITIVE_INFINITY,
}

/** Finds the owner of a token; undefined when the token is not valid. */
export interface Authenticator {
  /**
   * RATE_LIMITED when too many invalid tokens came from the address. A token whose owner is still
   * cached is not affected.
   */
  authenticate(token: string | undefined, address: string): Promise<Caller | undefined>
  /**
   * Asks the Identity service again when its last answer is older than `ageMs`, because the token
   * may have been revoked.
   */
  authenticateAgain(token: string, ageMs: number): Promise<Caller | undefined>
}

interface Answered {
  readonly caller: Caller
  readonly atMs: number
}

/**
 * An authenticator with its own cache. Without an Identity service every caller is an
 * administrator.
 */
export function authenticator(identity: IdentityPort | undefined, clock: ClockPort): Authenticator {
  if (identity === undefined) {
    return { authenticate: async () => ANYBODY, authenticateAgain: async () => ANYBODY }
  }
  const valid = new BoundedCache<Answered>(clock, CACHED_MAX)
  const invalid = new BoundedCache<true>(clock, CACHED_MAX)
  const asking = new Map<string, Promise<Caller | undefined>>()
  const ofAddress = new TokenBuckets(clock, INVALID_OF_ADDRESS, ADDRESSES_MAX)
  const ofAll = new TokenBuckets(clock, INVALID_OF_ALL, 1)

  const validate = async (token: string, key: string): Promise<Caller | undefined> => {
    const caller = await withDeadline(clock, ASK_TIMEOUT_MS, 'IDENTITY_UNAVAILABLE', (signal) =>
      identity.validate(token, signal),
    )
    const leftMs = (caller?.expiresAt ?? 0) - clock.wallMs()
    if (caller === undefined || leftMs <= 0) {
      valid.delete(key)
      invalid.set(key, true, INVALID_MS)
      return undefined
    }
    const atMs = clock.monotonicMs()
    valid.set(key, { caller, atMs }, Math.min(leftMs, VALID_MS_MAX))
    return caller
  }

  /** Requests with the same token at the same time share one question. */
  const ask = (token: string, key: string): Promise<Caller | undefined> => {
    const running = asking.get(key) ?? validate(token, key).finally(() => asking.delete(key))
    asking.set(key, running)
    return running
  }

  /**
   * Takes a token of both limits before the question and gives it back after a good answer, so that
   * a burst of requests is counted at once.
   */
  const askForStranger = async (
    token: string,
    key: string,
    address: string,
  ): Promise<Caller | undefined> => {
    if (asking.has(key)) return await ask(token, key)
    if (!ofAddress.take(address)) throw tooMany('this address')
    if (!ofAll.take(ALL)) {
      ofAddress.giveBack(address)
      throw tooMany('all addresses together')
    }
    const caller = await ask(token, key)
    if (caller === undefined) return undefined
    ofAddress.giveBack(address)
    ofAll.giveBack(ALL)
    return caller
  }

  const known = (key: string, ageMsMax: number): Caller | undefined => {
    const answered = valid.get(key)
    if (answered === undefined || clock.monotonicMs() - answered.atMs > ageMsMax) return undefined
    // The wall clock may have jumped meanwhile. A token is never accepted after its end.
    return answered.caller.expiresAt > clock.wallMs() ? answered.caller : undefined
  }

  return {
    async authenticate(token, address) {
      if (token === undefined || token === '') return undefined
      const key = keyOf(token)
      if (invalid.get(key) === true) return undefined
      return known(key, VALID_MS_MAX) ?? (await askForStranger(token, key, address))
    },
    async authenticateAgain(token, ageMs) {
      const key = keyOf(token)
      return known(key, ageMs) ?? (await ask(token, key))
    },
  }
}

const keyOf = (token: string): string => createHash('sha256').update(token).digest('base64')

const tooMany = (whose: string): CodedError =>
  new CodedError('RATE_LIMITED', `Too many invalid tokens came from ${whose}.`, {
    retryAfterSeconds: 1,
  })

/** The token of a request; undefined when it has none. */
export function tokenOf({ headers }: FastifyRequest): string | undefined {
  const token = headers['x-auth-token']
  return typeof token === 'string' ? token : undefined
}

/** Refuses callers without a valid token. */
export function requireCaller(
  app: GatewayApp,
  { authenticate }: Pick<Authenticator, 'authenticate'>,
  trustProxy: boolean,
): void {
  app.addHook('onRequest', async (request) => {
    const caller = await authenticate(tokenOf(request), clientAddress(request, trustProxy))
    if (caller === undefined) throw new CodedError('TOKEN_INVALID', 'the token is not valid')
    request.caller = caller
  })
}
