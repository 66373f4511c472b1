/** The envelope around every message on the wire. */
import { Type, type Static } from 'typebox'

/** Version of the envelope itself; another major version is refused. */
export const ENVELOPE_VERSION = 1

export const Envelope = Type.Object({
  version: Type.Literal(ENVELOPE_VERSION),
  /** Wire name of the message, a key of the catalogue. */
  type: Type.String({ minLength: 1, maxLength: 64 }),
  /** Retries carry the same id. */
  id: Type.String({ minLength: 1, maxLength: 64 }),
  sender: Type.String({ minLength: 1, maxLength: 255 }),
  /** Changes whenever the sender starts anew. */
  incarnation: Type.String({ minLength: 1, maxLength: 64 }),
  /** The leader's epoch; null when the sender does not lead. */
  epoch: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  /** Sender's wall clock, ms since 1970 UTC. */
  sentAt: Type.Integer({ minimum: 0 }),
  /** W3C trace context `traceparent`, or null. */
  trace: Type.Union([Type.String({ maxLength: 128 }), Type.Null()]),
  body: Type.Unknown(),
})
export type Envelope = Static<typeof Envelope>
