/** The one writer of server-sent events: no field can begin a line of its own, whatever is in it. */
import type { FeedEvent } from './event-feed.ts'

/** The line breaks of the format, and NUL, with which an id is ignored (WHATWG HTML, server-sent events). */
const BREAKS = /[\r\n\0]+/g

/** One event as text; JSON has no line breaks of its own. */
export const eventText = ({ id, type, data }: FeedEvent): string =>
  [field('id', id), field('event', type), field('data', JSON.stringify(data)), '\n'].join('')

const field = (name: string, value: string): string => `${name}: ${value.replaceAll(BREAKS, ' ')}\n`
