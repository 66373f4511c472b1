/** Messages about faults, on their way to the engine. */
import { Type, type Static } from 'typebox'
import { ComputeFact } from './compute-fact.ts'
import { Id, IdOrEmpty, Name, NameOrEmpty, Text, WallTime } from './fields.ts'

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
  /** What it says in our own terms; absent for a type that has no fact. */
  fact: Type.Optional(ComputeFact),
})
export type ComputeEvent = Static<typeof ComputeEvent>

/**
 * A notification on the Compute service's bus calls a host failed. It is one report among others:
 * the leader looks at the host itself.
 */
export const HostFailed = Type.Object({
  hostName: Name,
  /** The sender, by its own account. */
  publisher: NameOrEmpty,
  /** By the sender's clock, but never later than the bridge's own. */
  occurredAt: WallTime,
  evidence: Type.Array(Text, { maxItems: 16 }),
})
export type HostFailed = Static<typeof HostFailed>

/** A notification on the Compute service's bus calls an instance failed. The leader asks the hypervisor before it acts. */
export const InstanceFailed = Type.Object({
  instance: Id,
  hostName: Name,
  /** The sender, by its own account. */
  publisher: NameOrEmpty,
  /** By the sender's clock, but never later than the bridge's own. */
  occurredAt: WallTime,
  evidence: Type.Array(Text, { maxItems: 16 }),
})
export type InstanceFailed = Static<typeof InstanceFailed>

/** An operator gave a command about one recovery, or (null) about all of them. The store holds the command. */
export const OperatorCommanded = Type.Object({
  notification: Type.Union([Id, Type.Null()]),
})
export type OperatorCommanded = Static<typeof OperatorCommanded>
