/** What a notification of the Compute service says about a host, a service or an instance, in our own terms. */
import { Type, type Static } from 'typebox'
import { Id, Name, Text, WallTime } from './fields.ts'

const TextOrNull = Type.Union([Text, Type.Null()])
const NameOrNull = Type.Union([Name, Type.Null()])

const HostFact = Type.Object({
  kind: Type.Union([
    /** The platform calls the host failed. */
    Type.Literal('host-failed'),
    /** nova-compute of the host cannot reach its libvirt. */
    Type.Literal('libvirt-lost'),
  ]),
  host: Name,
  reason: TextOrNull,
})
export type HostFact = Static<typeof HostFact>

const ServiceFact = Type.Object({
  kind: Type.Union([
    Type.Literal('service-created'),
    /** It was enabled, disabled, forced down, or not forced down any more. Nova sends no notification of a missed heartbeat. */
    Type.Literal('service-changed'),
    Type.Literal('service-deleted'),
  ]),
  host: Name,
  binary: Name,
  disabled: Type.Boolean(),
  disabledReason: TextOrNull,
  forcedDown: Type.Boolean(),
  /** The last heartbeat, by Nova's clock. */
  lastSeenAt: Type.Union([WallTime, Type.Null()]),
})
export type ServiceFact = Static<typeof ServiceFact>

const InstanceFact = Type.Object({
  kind: Type.Union([
    /** The platform calls the instance failed. */
    Type.Literal('instance-failed'),
    Type.Literal('evacuation-requested'),
    Type.Literal('rebuild-scheduled'),
    Type.Literal('rebuild-started'),
    Type.Literal('rebuild-ended'),
    Type.Literal('rebuild-failed'),
    /** Its host has changed, by a migration or a resize. */
    Type.Literal('instance-moved'),
    Type.Literal('instance-deleted'),
  ]),
  instance: Id,
  /** As Nova has it at that moment: the source, until a rebuild has ended. */
  host: NameOrNull,
  reason: TextOrNull,
})
export type InstanceFact = Static<typeof InstanceFact>

const PowerOffFact = Type.Object({
  kind: Type.Literal('instance-powered-off'),
  instance: Id,
  host: NameOrNull,
  /** nobody: nova-compute found the guest stopped. The notification does not say whether it crashed or was shut down from inside. */
  initiator: Type.Union([Type.Literal('user'), Type.Literal('nobody'), Type.Literal('unknown')]),
})

export const ComputeFact = Type.Union([HostFact, ServiceFact, InstanceFact, PowerOffFact])
export type ComputeFact = Static<typeof ComputeFact>
