/**
 * Progress of recoveries as server-sent events, since 1.4: everything (`/events`), and that something happened to instances of the own
 * project (`/instances/events`).
 */
import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { isCoded } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { EVENT_FILTER_FIELDS, type EventFeed, type FeedEvent } from '../events/feed.ts'
import type { Followers } from '../events/followers.ts'
import { openEventStream, type Wanted } from '../events/stream.ts'
import { lastOf, QueryText } from '../http/paging.ts'
import { tokenOf, type Authenticator } from '../plugins/auth.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import type { Policy } from '../policy/policy.ts'
import type { ProjectView } from '../views/project-view.ts'

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

/** What the routes of events need. */
export interface EventRoutesDependencies {
  readonly feed: EventFeed
  readonly followers: Followers
  readonly authenticator: Pick<Authenticator, 'authenticateAgain'>
  readonly policy: Policy
  readonly clock: ClockPort
  readonly view: Pick<ProjectView, 'instances'>
}

/** What one reader may follow. */
interface Following {
  readonly action: 'events:index' | 'instances:events'
  readonly pick: Wanted['pick']
  /** Called when the token is looked at again. */
  readonly refresh: () => Promise<void>
}

/** Installs the routes. Open streams end when the server closes. */
export function eventRoutes(app: GatewayApp, dependencies: EventRoutesDependencies): void {
  const streams = new Set<Readable>()
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.destroy()
  })
  const stream = (request: FastifyRequest, reply: FastifyReply, following: Following) => {
    const opened = follow(request, following, dependencies)
    streams.add(opened)
    opened.once('close', () => streams.delete(opened))
    reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    return reply.send(opened)
  }
  app.get('/events', {
    config: { action: 'events:index', since: OWN_MINOR },
    schema: { querystring: Query },
    handlerTimeout: LIFE_MS_MAX,
    handler: async (request, reply) => {
      const wanted = wantedOf(request.query)
      const pick = (event: FeedEvent) => (wanted(event) ? event : undefined)
      return stream(request, reply, { action: 'events:index', pick, refresh: async () => {} })
    },
  })
  app.get('/instances/events', {
    config: { action: 'instances:events', since: OWN_MINOR },
    schema: {},
    handlerTimeout: LIFE_MS_MAX,
    handler: async (request, reply) =>
      stream(request, reply, await ownInstances(request, dependencies)),
  })
}

/** Events of the instances that the project owns: which one, and what kind of event, because all else may name hosts. */
async function ownInstances(
  request: FastifyRequest,
  { view }: Pick<EventRoutesDependencies, 'view'>,
): Promise<Following> {
  let own: ReadonlySet<string> = new Set()
  const refresh = async (): Promise<void> => {
    own = new Set((await view.instances(request)).map(({ id }) => id))
  }
  await refresh()
  const pick = ({ id, type, about }: FeedEvent): FeedEvent | undefined => {
    const { instance } = about
    if (instance === undefined || !own.has(instance)) return undefined
    return { id, type, about, data: { instance_uuid: instance } }
  }
  // While Compute is away, what was known before counts.
  return { action: 'instances:events', pick, refresh: () => refresh().catch(() => undefined) }
}

/** Opens a stream that ends when the token expires, is revoked, or may not follow these events any more. STREAMS_EXHAUSTED. */
function follow(
  request: FastifyRequest,
  { action, pick, refresh }: Following,
  { feed, followers, authenticator, policy, clock }: EventRoutesDependencies,
): Readable {
  const { caller, headers } = request
  const isAdmin = caller !== null && policy.isAdmin(caller)
  const leave = followers.admit({ userId: caller?.userId ?? '', isAdmin })
  const last = headers['last-event-id']
  const lastId = typeof last === 'string' && last !== '' ? last : undefined
  const stream = openEventStream(feed, clock, { lastId, pick })
  const end = (): void => void stream.push(null)
  const leftMs = (caller?.expiresAt ?? 0) - clock.wallMs()
  const expire = clock.schedule(Math.min(leftMs, LIFE_MS_MAX), end)
  const look = async (): Promise<void> => {
    if ((await mayStillFollow(request, action, { authenticator, policy })) || stream.destroyed) {
      await refresh()
      cancel = clock.schedule(RECHECK_MS, () => void look())
    } else end()
  }
  let cancel = clock.schedule(RECHECK_MS, () => void look())
  stream.once('close', () => {
    leave()
    expire()
    cancel()
  })
  return stream
}

/**
 * While the Identity service is not available, its last answer counts. The stream still ends when
 * the token expires.
 */
async function mayStillFollow(
  request: FastifyRequest,
  action: Following['action'],
  { authenticator, policy }: Pick<EventRoutesDependencies, 'authenticator' | 'policy'>,
): Promise<boolean> {
  try {
    const caller = await authenticator.authenticateAgain(tokenOf(request) ?? '', RECHECK_MS / 2)
    return caller !== undefined && policy.allows(action, caller)
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
