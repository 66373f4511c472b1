/** One reader's way through the event feed, as server-sent events (WHATWG HTML, server-sent events). */
import { Readable } from 'node:stream'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { EventFeed, FeedEvent } from './feed.ts'

/** Tells proxies, and us, that the other side is still there. */
const HEARTBEAT_MS = 15_000
/** A reader that has taken nothing for so long is cut off, and resumes by its last event. */
const STALLED_MS_MAX = 30_000

/** What a reader asks for. */
export interface Wanted {
  /** The last event that it has; undefined: it wants to hear what comes. */
  readonly lastId: string | undefined
  readonly wanted: (event: FeedEvent) => boolean
}

/**
 * Events are made into text only when the reader takes them: a slow one holds a position and not a copy. Destroyed when
 * the reader stalls, or lags behind all that is remembered.
 */
export function openEventStream(
  feed: EventFeed,
  clock: ClockPort,
  { lastId, wanted }: Wanted,
): Readable {
  const resumed = lastId === undefined ? feed.end : feed.after(lastId)
  let position = resumed ?? feed.oldest
  let isHungry = false
  let tookAtMs = clock.monotonicMs()

  const feedOn = (): void => {
    while (isHungry && position < feed.end && !stream.destroyed) {
      const event = feed.at(position)
      if (event === undefined) return void stream.destroy()
      position += 1
      if (wanted(event)) isHungry = stream.push(eventText(event))
    }
  }
  const stream = new Readable({
    read: () => {
      isHungry = true
      tookAtMs = clock.monotonicMs()
      feedOn()
    },
    destroy: (error, done) => {
      cancel()
      deaf()
      done(error)
    },
  })
  const beat = (): void => {
    if (isHungry) isHungry = stream.push(': still here\n\n')
    else if (clock.monotonicMs() - tookAtMs > STALLED_MS_MAX) return void stream.destroy()
    cancel = clock.schedule(HEARTBEAT_MS, beat)
  }
  let cancel = clock.schedule(HEARTBEAT_MS, beat)
  const deaf = feed.listen(feedOn)
  stream.push('retry: 2000\n\n')
  if (resumed === undefined) stream.push(GAP)
  return stream
}

/** The line breaks of the format, and NUL, with which an id is ignored (WHATWG HTML, server-sent events). */
const BREAKS = /[\r\n\0]+/g

/** One event as text: no field can begin a line of its own, whatever is in it. JSON has no line breaks of its own. */
export const eventText = ({ id, type, data }: FeedEvent): string =>
  [field('id', id), field('event', type), field('data', JSON.stringify(data)), '\n'].join('')

const field = (name: string, value: string): string => `${name}: ${value.replaceAll(BREAKS, ' ')}\n`

/** The last event is not remembered: something may be missing, and the journal has it. */
const GAP = 'event: gap\ndata: {}\n\n'
