/** Messages about faults, on their way to the engine. */
import { Type, type Static } from 'typebox'
import { Id, IdOrEmpty, Name, NameOrEmpty } from './fields.ts'

/** A notification row was stored as `new` and waits for the engine. */
export const NotificationAccepted = Type.Object({
  notification: Id,
  segment: Id,
})
export type NotificationAccepted = Static<typeof NotificationAccepted>

/** One notification from the Compute service's own bus, unwrapped by the bridge. */
export const ComputeEvent = Type.Object({
  eventType: Name,
  publisher: NameOrEmpty,
  priority: NameOrEmpty,
  /** As Compute sent it: UTC without a time zone. */
  timestamp: NameOrEmpty,
  messageId: IdOrEmpty,
  format: Type.Union([Type.Literal('versioned'), Type.Literal('unversioned')]),
  /** A versioned payload is flattened: only `nova_object.data` is kept, at every level. */
  payload: Type.Record(Type.String(), Type.Unknown()),
})
export type ComputeEvent = Static<typeof ComputeEvent>

/** An operator gave a command about one recovery, or (null) about all of them. The store holds the command. */
export const OperatorCommanded = Type.Object({
  notification: Type.Union([Id, Type.Null()]),
})
export type OperatorCommanded = Static<typeof OperatorCommanded>
