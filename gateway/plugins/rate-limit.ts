/**
 * Limits how many requests one token may make per minute. Further requests are answered with 429.
 */
import rateLimit from '@fastify/rate-limit'
import { createHash } from 'node:crypto'
import { CodedError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'

const WINDOW_MS = 60_000
/**
 * How many tokens are counted at once. When there are more, the token that was not used for the
 * longest time is dropped.
 */
const COUNTED_MAX = 5000

/** Limits the routes that are registered later. */
export function limitRequests(app: GatewayApp, requestsPerMinute: number): void {
  app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: WINDOW_MS,
    cache: COUNTED_MAX,
    keyGenerator: ({ headers, ip }) => {
      const token = headers['x-auth-token']
      return typeof token === 'string' ? createHash('sha256').update(token).digest('base64') : ip
    },
    errorResponseBuilder: (_request, { max, ttl }) =>
      new CodedError('RATE_LIMITED', `This token may make ${max} requests in a minute.`, {
        retryAfterSeconds: Math.ceil(ttl / 1000),
      }),
  })
}
