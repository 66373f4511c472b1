/** One message of the bus as one line of a terminal, or as one line of JSON. */
import { styleText } from 'node:util'
import type { BusMessage } from '../../actors/ports/bus.ts'
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import { decode } from '../../schema/messages/codec.ts'
import { isoTime } from '../../schema/time.ts'
import { harmless, harmlessJson } from './harmless.ts'
import { wordsOf } from './message-words.ts'

type Style = Parameters<typeof styleText>[0]

/** Writes a text in a style, where the output has styles. */
export type Paint = (style: Style, text: string) => string

interface Output {
  readonly isTTY?: boolean
  /** A terminal knows whether it has colours, and whether NO_COLOR is set. */
  readonly hasColors?: () => boolean
}

/** Styles for a terminal, and none for a file or a pipe. */
export const paintFor = (stream: Output): Paint =>
  stream.isTTY === true && stream.hasColors?.() !== false
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_style, text) => text

/** A message that arrived: decoded, or why it cannot be. */
export type Heard =
  | { readonly kind: 'decoded'; readonly subject: string; readonly received: Received }
  | { readonly kind: 'undecodable'; readonly subject: string; readonly reason: string }

/** Never throws because of what the message says. */
export function hear(message: BusMessage): Heard {
  const { subject } = message
  try {
    return { kind: 'decoded', subject, received: decode(message) }
  } catch (error) {
    if (!isCoded(error, 'MESSAGE_INVALID', 'MESSAGE_NEWER')) throw error
    return { kind: 'undecodable', subject, reason: describeError(error) }
  }
}

/** Longest text of a line; `--json` has all of it. */
const CHARS_MAX = 400
const SENDER_WIDTH = 16
const TYPE_WIDTH = 21

/** Time in UTC, sender, type, and what it says. */
export function lineOf(heard: Heard, paint: Paint): string {
  if (heard.kind === 'undecodable') {
    const text = `${heard.subject}: not readable: ${heard.reason}`
    return paint('red', harmless(text.slice(0, CHARS_MAX)))
  }
  const { received } = heard
  const { type, sender, sentAt } = received
  const words = wordsOf(received).slice(0, CHARS_MAX).toWellFormed()
  return [
    paint('dim', isoTime(sentAt).slice(11, 23)),
    paint('cyan', harmless(sender).padEnd(SENDER_WIDTH)),
    paint('bold', type.padEnd(TYPE_WIDTH)),
    paint(styleOf(received), harmless(words)),
  ].join(' ')
}

/** The same for programs: the whole message, with its subject. */
export const jsonOf = (heard: Heard): string =>
  heard.kind === 'decoded'
    ? harmlessJson({ subject: heard.subject, ...heard.received })
    : harmlessJson({ subject: heard.subject, notReadable: heard.reason })

/** Words of states and statuses that an operator looks for. */
const BAD = new Set(['dead', 'failed', 'error', 'blind', 'misconfigured'])
const DOUBTFUL = new Set(['suspect', 'held', 'waiting', 'not_heard', 'ongoing', 'pending'])
const GOOD = new Set(['finished', 'succeeded', 'fenced', 'agent', 'running'])

function styleOf({ type, body }: Received): Style {
  if (type === 'guest.failed' || type === 'host.failed') return 'red'
  if (type === 'host.heartbeat' || type === 'guests.running' || type === 'role.health') return 'dim'
  const word = 'state' in body ? body.state : 'step' in body ? body.step : wordOf(body)
  if (BAD.has(word)) return 'red'
  if (DOUBTFUL.has(word)) return 'yellow'
  return GOOD.has(word) ? 'green' : 'reset'
}

const wordOf = (body: Received['body']): string => ('status' in body ? body.status : '')
