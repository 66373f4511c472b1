/** Progress of recoveries as server-sent events: `/events`, since 1.4. */
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { isCoded } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { EVENT_FILTER_FIELDS, type EventFeed, type FeedEvent } from '../events/feed.ts'
import type { Followers } from '../events/followers.ts'
import { openEventStream } from '../events/stream.ts'
import { lastOf, QueryText } from '../http/paging.ts'
import { tokenOf, type Authenticator } from '../plugins/auth.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import type { Policy } from '../policy/policy.ts'

const Query = Type.Object({
  notification: QueryText,
  instance: QueryText,
  host: QueryText,
  type: QueryText,
})

/** The longest life of a stream. A stream ends with its token at the latest. */
const LIFE_MS_MAX = 86_400_000
/** How often the Identity service is asked whether the token is still valid. */
const RECHECK_MS = 30_000

/** What the route of events needs. */
export interface EventRoutesDependencies {
  readonly feed: EventFeed
  readonly followers: Followers
  readonly authenticator: Pick<Authenticator, 'authenticateAgain'>
  readonly policy: Policy
  readonly clock: ClockPort
}

/** Installs the route. Open streams end when the server closes. */
export function eventRoutes(app: GatewayApp, dependencies: EventRoutesDependencies): void {
  const { feed, followers, policy, clock } = dependencies
  const streams = new Set<Readable>()
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.destroy()
  })
  app.get('/events', {
    config: { action: 'events:index', since: OWN_MINOR },
    schema: { querystring: Query },
    handlerTimeout: LIFE_MS_MAX,
    handler: async (request, reply) => {
      const { caller, headers, query } = request
      const isAdmin = caller !== null && policy.isAdmin(caller)
      const leave = followers.admit({ userId: caller?.userId ?? '', isAdmin })
      const last = headers['last-event-id']
      const stream = openEventStream(feed, clock, {
        lastId: typeof last === 'string' && last !== '' ? last : undefined,
        wanted: wantedOf(query),
      })
      streams.add(stream)
      const forget = endWithToken(stream, request, dependencies)
      stream.once('close', () => {
        leave()
        forget()
        streams.delete(stream)
      })
      reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      return reply.send(stream)
    },
  })
}

/**
 * Ends the stream when the token expires, is revoked, or may not follow events any more. The
 * returned function stops the checks.
 */
function endWithToken(
  stream: Readable,
  request: FastifyRequest,
  { authenticator, policy, clock }: EventRoutesDependencies,
): () => void {
  const end = (): void => void stream.push(null)
  const leftMs = (request.caller?.expiresAt ?? 0) - clock.wallMs()
  const expire = clock.schedule(Math.min(leftMs, LIFE_MS_MAX), end)
  const look = async (): Promise<void> => {
    if ((await mayStillFollow(request, authenticator, policy)) || stream.destroyed) {
      cancel = clock.schedule(RECHECK_MS, () => void look())
    } else end()
  }
  let cancel = clock.schedule(RECHECK_MS, () => void look())
  return () => {
    expire()
    cancel()
  }
}

/**
 * While the Identity service is not available, its last answer counts. The stream still ends when
 * the token expires.
 */
async function mayStillFollow(
  request: FastifyRequest,
  authenticator: Pick<Authenticator, 'authenticateAgain'>,
  policy: Policy,
): Promise<boolean> {
  try {
    const caller = await authenticator.authenticateAgain(tokenOf(request) ?? '', RECHECK_MS / 2)
    return caller !== undefined && policy.allows('events:index', caller)
  } catch (error) {
    if (isCoded(error, 'IDENTITY_UNAVAILABLE')) return true
    throw error
  }
}

function wantedOf(query: Static<typeof Query>): (event: FeedEvent) => boolean {
  const filters = EVENT_FILTER_FIELDS.flatMap((field) => {
    const value = lastOf(query[field])
    return value === undefined ? [] : [{ field, value }]
  })
  return ({ about }) => filters.every(({ field, value }) => about[field] === value)
}
