/** Sends the event feed to one reader as server-sent events (WHATWG HTML, server-sent events). */
import { Readable } from 'node:stream'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { EventFeed, FeedEvent } from './feed.ts'

/** The heartbeat shows proxies, and this process, that the reader is still connected. */
const HEARTBEAT_MS = 15_000
/**
 * A reader that has taken nothing for so long is disconnected. It can resume after its last event.
 */
const STALLED_MS_MAX = 30_000

/** What a reader asks for. */
export interface Wanted {
  /** The last event that the reader has; undefined when it only wants new events. */
  readonly lastId: string | undefined
  /** What the reader is shown of an event; undefined: nothing. */
  readonly pick: (event: FeedEvent) => FeedEvent | undefined
}

/**
 * An event is converted to text only when the reader takes it, so a slow reader costs a position
 * and not a copy of the events. The stream is destroyed when the reader stalls, or when it is
 * behind the oldest event that is kept.
 */
export function openEventStream(
  feed: EventFeed,
  clock: ClockPort,
  { lastId, pick }: Wanted,
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
      const shown = pick(event)
      if (shown !== undefined) isHungry = stream.push(eventText(shown))
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

/**
 * The line breaks of the format, and NUL: a reader ignores an id that contains NUL (WHATWG HTML,
 * server-sent events).
 */
const BREAKS = /[\r\n\0]+/g

/**
 * One event as text. Line breaks in a field are replaced, so a field cannot start another line.
 * JSON text has no line breaks.
 */
export const eventText = ({ id, type, data }: FeedEvent): string =>
  [field('id', id), field('event', type), field('data', JSON.stringify(data)), '\n'].join('')

const field = (name: string, value: string): string => `${name}: ${value.replaceAll(BREAKS, ' ')}\n`

/**
 * Sent when the reader's last event is not kept any more: events may be missing, and the journal
 * has them.
 */
const GAP = 'event: gap\ndata: {}\n\n'
