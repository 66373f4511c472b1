/** From the body of an oslo.messaging notification to one of our messages. Pure. */
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { readBoundedJson, type JsonBounds } from '../../schema/bounded-json.ts'
import { CodedError } from '../../schema/errors.ts'
import { IdOrEmpty, NameOrEmpty } from '../../schema/messages/fields.ts'
import type { ComputeEvent } from '../../schema/messages/incident.ts'
import { factKind, instanceOf, readFact, type Told } from './compute-facts.ts'
import { commonType } from './twin-events.ts'
import { BODY_BYTES_MAX } from './unpack.ts'

export interface OsloNotification {
  readonly event: ComputeEvent
  /** Its type has a fact, but the host or the instance that it is about is missing. */
  readonly isIncomplete: boolean
  /** What a repeated delivery has in common with the first one. */
  readonly ids: readonly string[]
  /** What the two notifications of one event have in common, in the two formats of Nova. */
  readonly twinKey: string
}

/** Nova's objects nest four deep, with two levels each, and a server has some 500 members. */
const BOUNDS: JsonBounds = { characters: BODY_BYTES_MAX, depth: 32, members: 50_000 }

const Outer = Compile(Type.Object({ 'oslo.version': Type.String(), 'oslo.message': Type.String() }))

/** It becomes tokens of a subject on our bus: no empty ones, no wildcards. */
const EVENT_TYPE = '^[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*$'
const UserId = Type.Optional(Type.Union([Type.String(), Type.Null()]))

/** As strict as our own messages, so that our bus can carry the fields as they are. */
const InnerForm = Type.Object({
  message_id: Type.Intersect([IdOrEmpty, Type.String({ minLength: 1 })]),
  publisher_id: NameOrEmpty,
  event_type: Type.String({ maxLength: 255, pattern: EVENT_TYPE }),
  priority: NameOrEmpty,
  timestamp: NameOrEmpty,
  payload: Type.Record(Type.String(), Type.Unknown()),
  _unique_id: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  _context_user_id: UserId,
  _context_request_id: Type.Optional(Type.Unknown()),
})
const Inner = Compile(InnerForm)

/** Reads both wire forms, `messagingv2` and the bare old one. MESSAGE_INVALID; its text repeats nothing of the body. */
export function parseOsloNotification(body: Uint8Array): OsloNotification {
  const inner = innerOf(body)
  const payload = flatten(inner.payload)
  if (!isRecord(payload)) throw invalid('the payload is not an object')
  const kind = factKind(inner.event_type)
  const fact = kind === undefined ? undefined : readFact(kind, toldBy(inner, payload))
  return {
    event: {
      eventType: inner.event_type,
      publisher: inner.publisher_id,
      priority: inner.priority,
      timestamp: inner.timestamp,
      messageId: inner.message_id,
      format: 'nova_object.data' in inner.payload ? 'versioned' : 'unversioned',
      payload,
      ...(fact === undefined ? {} : { fact }),
    },
    isIncomplete: kind !== undefined && fact === undefined,
    ids: inner._unique_id === undefined ? [inner.message_id] : [inner.message_id, inner._unique_id],
    twinKey: twinKeyOf(inner, payload),
  }
}

type InnerMessage = Static<typeof InnerForm>

/** Of one request, about one instance or host. The sender has another name in each format. */
function twinKeyOf(inner: InnerMessage, payload: Told['payload']): string {
  const { _context_request_id: request } = inner
  const about = instanceOf(payload) ?? (typeof payload['host'] === 'string' ? payload['host'] : '')
  const ofRequest = typeof request === 'string' ? request : ''
  return `${commonType(inner.event_type)} ${about.slice(0, 255)} ${ofRequest.slice(0, 255)}`
}

function innerOf(body: Uint8Array): InnerMessage {
  if (body.byteLength > BODY_BYTES_MAX) throw invalid(`longer than ${BODY_BYTES_MAX} bytes`)
  const inner = unwrap(parseJson(decodeText(body)))
  if (Inner.Check(inner)) return inner
  const [first] = Inner.Errors(inner)
  throw invalid(`${first?.instancePath ?? ''} ${first?.message ?? 'not a notification'}`.trim())
}

const toldBy = (inner: InnerMessage, payload: Told['payload']): Told => ({
  eventType: inner.event_type,
  publisher: inner.publisher_id,
  payload,
  user: inner._context_user_id,
})

function unwrap(outer: unknown): unknown {
  if (!isRecord(outer) || !('oslo.version' in outer || 'oslo.message' in outer)) return outer
  if (!Outer.Check(outer)) throw invalid('the oslo envelope lacks its version or its message')
  if (!/^2(\.\d+)*$/.test(outer['oslo.version']))
    throw invalid('the oslo envelope is not of version 2')
  return parseJson(outer['oslo.message'])
}

/** Leaves of Nova's objects only: `nova_object.data` takes the place of its wrapping, at every level; the reader bounds them. */
function flatten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(flatten)
  if (!isRecord(value)) return value
  if ('nova_object.data' in value) return flatten(value['nova_object.data'])
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, flatten(item)]))
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function decodeText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw invalid('not UTF-8') // the cause would add nothing
  }
}

function parseJson(text: string): unknown {
  const reading = readBoundedJson(text, BOUNDS)
  if (reading.kind === 'read') return reading.value
  throw invalid(reading.kind === 'malformed' ? 'not JSON' : `the body ${reading.reason}`)
}

const invalid = (reason: string): CodedError => new CodedError('MESSAGE_INVALID', reason)
