/** Faults on their way to the engine. */
import { Type, type Static } from 'typebox'
import { Id, IdOrEmpty, Name, NameOrEmpty } from './fields.ts'

/** A notification row is stored as `new` and waits for the engine. */
export const NotificationAccepted = Type.Object({
  notification: Id,
  segment: Id,
})
export type NotificationAccepted = Static<typeof NotificationAccepted>

/** One notification of the Compute service's own bus, unwrapped by the bridge. */
export const ComputeEvent = Type.Object({
  eventType: Name,
  publisher: NameOrEmpty,
  priority: NameOrEmpty,
  /** As sent, naive UTC. */
  timestamp: NameOrEmpty,
  messageId: IdOrEmpty,
  format: Type.Union([Type.Literal('versioned'), Type.Literal('unversioned')]),
  /** Versioned payloads come flattened: `nova_object.data` only, at every level. */
  payload: Type.Record(Type.String(), Type.Unknown()),
})
export type ComputeEvent = Static<typeof ComputeEvent>

/** An operator gave a command about one recovery, or (null) about all of them. The store holds the command. */
export const OperatorCommanded = Type.Object({
  notification: Type.Union([Id, Type.Null()]),
})
export type OperatorCommanded = Static<typeof OperatorCommanded>
