/** The envelope around every message on the wire. */
import { Type, type Static } from 'typebox'
import { Count, Id, Name, WallTime, Word } from './fields.ts'

/**
 * Version of the envelope. Fields that this version does not know are ignored; a message with a higher version is left to
 * processes that know it.
 */
export const ENVELOPE_VERSION = 1

export const Envelope = Type.Object({
  version: Type.Literal(ENVELOPE_VERSION),
  /** Wire name of the message, a key of the catalogue. */
  type: Word,
  /** A retry carries the same id. */
  id: Id,
  sender: Name,
  /** Changes each time that the sender starts. */
  incarnation: Id,
  /** Grows with every message of one incarnation: a message whose sequence does not grow is a replay. */
  sequence: Count,
  /** The leader's epoch; null when the sender does not lead. */
  epoch: Type.Union([Count, Type.Null()]),
  /** Wall clock of the sender, ms since 1970 UTC. */
  sentAt: WallTime,
  /** W3C trace context `traceparent`; null from a sender of an earlier version. */
  trace: Type.Union([Type.String({ maxLength: 128, pattern: '^[0-9a-f-]*$' }), Type.Null()]),
  body: Type.Unknown(),
})
export type Envelope = Static<typeof Envelope>

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/

/** The trace id of a `traceparent`; undefined when there is none. */
export const traceIdIn = (trace: string | null): string | undefined =>
  TRACEPARENT.exec(trace ?? '')?.[1]
