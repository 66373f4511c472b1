/**
 * Converts typed messages to bytes and back. Only this file encodes, decodes and names subjects.
 */
import { Compile } from 'typebox/compile'
import { readBoundedJson } from '../bounded-json.ts'
import { CodedError } from '../errors.ts'
import { CATALOGUE, type Received, type WireBody, type WireType } from './catalogue.ts'
import { ENVELOPE_VERSION, Envelope } from './envelope.ts'
import { MESSAGE_BOUNDS } from './fields.ts'

/** The sender of a message: the same for every message of one process. */
export interface Sender {
  readonly cloud: string
  readonly node: string
  readonly incarnation: string
}

export interface Encoded {
  readonly subject: string
  readonly body: Uint8Array
}

// Both keep no state between calls, and making one costs more than a call.
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Turns any text into one NATS token: letters, digits, `-` and `_` stay, all other characters are
 * percent-encoded.
 */
export function subjectToken(text: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(text)) return text
  if (text === '') return '%'
  return text.replace(/[^A-Za-z0-9_-]/gu, (char) =>
    [...encoder.encode(char)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  )
}

/** The full subject `ha.<cloud>.<tokens>`. `*` and `>` stay wildcards, for subscriptions. */
export function subjectOf(cloud: string, ...tokens: readonly string[]): string {
  const rest = tokens.map((token) => (token === '*' || token === '>' ? token : subjectToken(token)))
  return ['ha', subjectToken(cloud), ...rest].join('.')
}

/** The subject and the bytes of one message. */
export function encode<Name extends WireType>(
  type: Name,
  body: WireBody<Name>,
  from: Sender & Pick<Envelope, 'id' | 'epoch' | 'sentAt'> & Partial<Pick<Envelope, 'trace'>>,
): Encoded {
  const envelope: Envelope = {
    version: ENVELOPE_VERSION,
    type,
    id: from.id,
    sender: from.node,
    incarnation: from.incarnation,
    epoch: from.epoch,
    sentAt: from.sentAt,
    trace: from.trace ?? null,
    body,
  }
  // The catalogue ties the subject function to the body of the same name. TypeScript cannot follow
  // this by index.
  const tokens = (CATALOGUE[type].subject as (body: WireBody<Name>) => readonly string[])(body)
  return {
    // Not `subjectOf`, which leaves wildcards as they are: `*` or `>` in a field must be escaped.
    subject: ['ha', from.cloud, ...tokens].map(subjectToken).join('.'),
    body: encoder.encode(JSON.stringify(envelope)),
  }
}

const envelopes = Compile(Envelope)
const bodies = new Map(
  Object.entries(CATALOGUE).map(([name, message]) => [name, Compile(message.body)] as const),
)

/** The message that was decoded last. Inside one process, every subscriber is given the same bytes, which nobody changes. */
let latest: { readonly bytes: Uint8Array; readonly received: Received } | undefined

/**
 * Decodes and validates a message once, when it arrives: first the bounds, then the form of each
 * field. MESSAGE_INVALID says what is wrong.
 */
export function decode(bytes: Uint8Array): Received {
  if (latest?.bytes === bytes) return latest.received
  const received = decoded(bytes)
  latest = { bytes, received }
  return received
}

function decoded(bytes: Uint8Array): Received {
  const value = parsed(bytes)
  if (!envelopes.Check(value)) throw invalid('envelope', envelopes.Errors(value))
  const validator = bodies.get(value.type)
  if (validator === undefined) {
    throw new CodedError('MESSAGE_INVALID', `unknown message type ${value.type}`)
  }
  if (!validator.Check(value.body)) throw invalid(value.type, validator.Errors(value.body))
  const { type, body, id, sender, incarnation, epoch, sentAt, trace } = value
  // the lines above have checked it
  return { type, body, id, sender, incarnation, epoch, sentAt, trace } as Received
}

const refuse = (reason: string, cause?: unknown): CodedError =>
  new CodedError('MESSAGE_INVALID', `the message ${reason}`, { cause })

function parsed(bytes: Uint8Array): unknown {
  if (bytes.length > MESSAGE_BOUNDS.characters) {
    throw refuse(`has more than ${MESSAGE_BOUNDS.characters} bytes`)
  }
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch (cause) {
    throw refuse('is not JSON in UTF-8', cause)
  }
  const reading = readBoundedJson(text, MESSAGE_BOUNDS)
  if (reading.kind === 'read') return reading.value
  throw refuse(reading.reason)
}

function invalid(
  what: string,
  errors: readonly { readonly instancePath: string; readonly message: string }[],
): CodedError {
  const [first] = errors
  const where = first === undefined || first.instancePath === '' ? what : what + first.instancePath
  return new CodedError(
    'MESSAGE_INVALID',
    `${where}: ${first?.message ?? 'does not fit its schema'}`,
  )
}
