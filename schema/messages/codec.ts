/**
 * Converts typed messages to bytes and back. Only this file encodes, decodes and names subjects.
 */
import { Compile } from 'typebox/compile'
import { readBoundedJson } from '../bounded-json.ts'
import { CodedError, isCoded } from '../errors.ts'
import { CATALOGUE, type Received, type WireBody, type WireType } from './catalogue.ts'
import { ENVELOPE_VERSION, Envelope } from './envelope.ts'
import { MESSAGE_BOUNDS } from './fields.ts'

/** The sender of a message: the same for every message of one process. */
export interface Sender {
  readonly cloud: string
  readonly node: string
  readonly incarnation: string
}

/** A message on the wire. */
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

/** Where all messages of one kind arrive, whoever speaks and whatever they are about. */
export const subjectsOf = (cloud: string, type: WireType): string =>
  subjectOf(cloud, ...CATALOGUE[type].topic, '>')

/** The last token of a subject: of a heartbeat, that of its host. */
export const lastToken = (subject: string): string => subject.slice(subject.lastIndexOf('.') + 1)

/** Where the heartbeats of one host arrive. */
export const heartbeatsOf = (cloud: string, host: string): string =>
  subjectOf(cloud, ...CATALOGUE['host.heartbeat'].topic, host)

// The catalogue ties its functions to the body of the same name, which TypeScript cannot follow by index.

/** In whose name the message speaks, by its body; undefined when that is its sender. */
const speakerOf = (type: WireType, body: unknown): string | undefined =>
  (CATALOGUE[type] as { readonly speaker?: (body: unknown) => string }).speaker?.(body)

/** The tokens after `ha.<cloud>.`: the topic, in whose name the message speaks, and what it is about. */
function tokensOf(type: WireType, speaker: string, body: unknown): readonly string[] {
  const { topic } = CATALOGUE[type]
  const about = CATALOGUE[type].about as (body: unknown) => readonly string[]
  return [...topic, speaker, ...about(body)]
}

/** The subject and the bytes of one message. */
export function encode<Name extends WireType>(
  type: Name,
  body: WireBody<Name>,
  from: Sender &
    Pick<Envelope, 'id' | 'sequence' | 'epoch' | 'sentAt'> &
    Partial<Pick<Envelope, 'trace'>>,
): Encoded {
  const envelope: Envelope = {
    version: ENVELOPE_VERSION,
    type,
    id: from.id,
    sender: from.node,
    incarnation: from.incarnation,
    sequence: from.sequence,
    epoch: from.epoch,
    sentAt: from.sentAt,
    trace: from.trace ?? null,
    body,
  }
  return {
    // Not `subjectOf`, which leaves wildcards as they are: `*` or `>` in a field must be escaped.
    subject: ['ha', from.cloud, ...tokensOf(type, speakerOf(type, body) ?? from.node, body)]
      .map(subjectToken)
      .join('.'),
    body: encoder.encode(JSON.stringify(envelope)),
  }
}

const envelopes = Compile(Envelope)
const bodies = new Map(
  Object.entries(CATALOGUE).map(([name, message]) => [name, Compile(message.body)] as const),
)

/** Of a subject that anybody may have chosen. */
const SHOWN_CHARS = 200

/** The message that was decoded last. Inside one process, every subscriber is given the same bytes, which nobody changes. */
let latest: { readonly arrived: Encoded; readonly received: Received } | undefined

/**
 * Decodes and validates a message once, when it arrives: first the bounds, then the form of each
 * field, then whether its subject is the one that its sender and its body give. The server bounds on which subjects an account may
 * publish, so nobody can speak in the name of another. MESSAGE_INVALID says what is wrong; MESSAGE_NEWER, what this version does not know.
 */
export function decode({ subject, body }: Encoded): Received {
  if (latest?.arrived.body === body && latest.arrived.subject === subject) return latest.received
  const received = decoded(body)
  const { type, sender, body: said } = received
  const own = tokensOf(type, sender, said).map(subjectToken).join('.')
  // The subscriber has chosen the cloud.
  if (own !== subject.split('.').slice(2).join('.')) {
    throw new CodedError(
      'MESSAGE_INVALID',
      `${type}: its sender and its body belong to the subject ${own}, but it came on ${subject.slice(0, SHOWN_CHARS)}`,
    )
  }
  latest = { arrived: { subject, body }, received }
  return received
}

/** The message, or undefined when it cannot be decoded. It is counted, unless only a newer version knows it. */
export function decodeOrCount(message: Encoded, countParked: () => void): Received | undefined {
  try {
    return decode(message)
  } catch (error) {
    if (isCoded(error, 'MESSAGE_INVALID')) countParked()
    else if (!isCoded(error, 'MESSAGE_NEWER')) throw error
    return undefined
  }
}

function decoded(bytes: Uint8Array): Received {
  const value = parsed(bytes)
  const version = versionOf(value)
  if (version > ENVELOPE_VERSION) throw newer(`envelope version ${version}`)
  if (!envelopes.Check(value)) throw invalid('envelope', envelopes.Errors(value))
  const validator = bodies.get(value.type)
  if (validator === undefined) {
    throw newer(`message type ${value.type}`)
  }
  if (!validator.Check(value.body)) throw invalid(value.type, validator.Errors(value.body))
  const { version: _version, ...rest } = value
  const speaker = speakerOf(value.type as WireType, value.body) ?? value.sender
  // the lines above have checked it
  return { ...rest, sender: speaker } as Received
}

const newer = (what: string): CodedError =>
  new CodedError('MESSAGE_NEWER', `${what} is not known to this version`)

/** Zero when the value has no version of the right form. */
function versionOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || !('version' in value)) return 0
  return Number.isSafeInteger(value.version) ? Number(value.version) : 0
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
