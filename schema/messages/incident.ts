/** Faults on their way to the engine. */
import { Type, type Static } from 'typebox'

/** A notification row is stored as `new` and waits for the engine. */
export const NotificationAccepted = Type.Object({
  notification: Type.String({ minLength: 1, maxLength: 64 }),
  segment: Type.String({ minLength: 1, maxLength: 64 }),
})
export type NotificationAccepted = Static<typeof NotificationAccepted>

/** One notification of the Compute service's own bus, unwrapped by the bridge. */
export const ComputeEvent = Type.Object({
  eventType: Type.String({ minLength: 1, maxLength: 255 }),
  publisher: Type.String({ maxLength: 255 }),
  priority: Type.String({ maxLength: 32 }),
  /** As sent, naive UTC. */
  timestamp: Type.String({ maxLength: 64 }),
  messageId: Type.String({ maxLength: 64 }),
  format: Type.Union([Type.Literal('versioned'), Type.Literal('unversioned')]),
  /** Versioned payloads come flattened: `nova_object.data` only, at every level. */
  payload: Type.Record(Type.String(), Type.Unknown()),
})
export type ComputeEvent = Static<typeof ComputeEvent>

/** An operator said a word about one recovery, or (null) about all of them. The store holds the word. */
export const WordSaid = Type.Object({
  notification: Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()]),
})
export type WordSaid = Static<typeof WordSaid>
