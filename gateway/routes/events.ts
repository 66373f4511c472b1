/** Progress of recoveries as server-sent events: `/events`, since 1.4. */
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { CodedError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { EVENT_FILTER_FIELDS, type EventFeed, type FeedEvent } from '../event-feed.ts'
import { eventText } from '../event-text.ts'
import { lastOf, QueryText } from '../paging.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'

const Query = Type.Object({
  notification: QueryText,
  instance: QueryText,
  host: QueryText,
  type: QueryText,
})

const STREAMS_MAX = 200
/** A reader that lags so far behind is cut off, and resumes by its last event. */
const UNREAD_BYTES_MAX = 1_000_000
/** Tells proxies, and us, that the other side is still there. */
const HEARTBEAT_MS = 15_000
/** No stream outlives its token, and a token without an end gets this one. */
const LIFE_MS_MAX = 86_400_000

/** What the route of events needs. */
export interface EventRoutesDependencies {
  readonly feed: EventFeed
  readonly clock: ClockPort
}

/** Installs the route. Open streams end when the server closes. */
export function eventRoutes(app: GatewayApp, { feed, clock }: EventRoutesDependencies): void {
  const streams = new Set<Readable>()
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.destroy()
  })
  app.get('/events', {
    config: { action: 'events:index', since: OWN_MINOR },
    schema: { querystring: Query },
    handlerTimeout: LIFE_MS_MAX,
    handler: async (request, reply) => {
      if (streams.size >= STREAMS_MAX) {
        throw new CodedError('STREAMS_EXHAUSTED', 'Too many clients follow events already.')
      }
      const stream = new Readable({ read: () => undefined })
      streams.add(stream)
      const end = follow(stream, request, feed, clock)
      stream.once('close', () => {
        end()
        streams.delete(stream)
      })
      reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      return reply.send(stream)
    },
  })
}

/** Writes what was missed and what comes; the answer stops it. */
function follow(
  stream: Readable,
  request: FastifyRequest<{ Querystring: Static<typeof Query> }>,
  feed: EventFeed,
  clock: ClockPort,
): () => void {
  const wanted = wantedOf(request.query)
  const write = (text: string): void => {
    if (stream.destroyed) return
    stream.push(text)
    if (stream.readableLength > UNREAD_BYTES_MAX) stream.destroy()
  }
  const tell = (event: FeedEvent): void => {
    if (wanted(event)) write(eventText(event))
  }
  write('retry: 2000\n\n')
  const last = request.headers['last-event-id']
  if (typeof last === 'string' && last !== '') {
    const missed = feed.after(last)
    if (missed === undefined) write(GAP)
    for (const event of missed ?? feed.all()) tell(event)
  }
  const deaf = feed.listen(tell)
  let cancel = clock.schedule(HEARTBEAT_MS, beat)
  function beat(): void {
    write(': still here\n\n')
    cancel = clock.schedule(HEARTBEAT_MS, beat)
  }
  const leftMs = (request.caller?.expiresAt ?? 0) - clock.wallMs()
  const expire = clock.schedule(Math.min(leftMs, LIFE_MS_MAX), () => stream.push(null))
  return () => {
    deaf()
    cancel()
    expire()
  }
}

/** The last event is not remembered: something may be missing, and the journal has it. */
const GAP = 'event: gap\ndata: {}\n\n'

function wantedOf(query: Static<typeof Query>): (event: FeedEvent) => boolean {
  const filters = EVENT_FILTER_FIELDS.flatMap((field) => {
    const value = lastOf(query[field])
    return value === undefined ? [] : [{ field, value }]
  })
  return ({ about }) => filters.every(({ field, value }) => about[field] === value)
}
