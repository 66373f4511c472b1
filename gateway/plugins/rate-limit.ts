/** How many requests one token may make in a minute: beyond it, callers are told to wait. */
import rateLimit from '@fastify/rate-limit'
import { createHash } from 'node:crypto'
import { CodedError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'

const WINDOW_MS = 60_000
/** Tokens counted at once; the one unused for longest makes room. */
const COUNTED_MAX = 5000

/** Limits the routes that are registered after it. */
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
