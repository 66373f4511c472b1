/** Branded identifiers. Only this file asserts a brand. */

declare const brand: unique symbol
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }

/** Uuid of a failover segment. */
export type SegmentId = Brand<string, 'SegmentId'>
/** Uuid of a registered host (not its name). */
export type HostId = Brand<string, 'HostId'>
/** Name of a compute service host, equal to Nova's `host`. */
export type HostName = Brand<string, 'HostName'>
/** Uuid of an instance (Nova's server id). */
export type InstanceId = Brand<string, 'InstanceId'>
/** Uuid of a notification, which is also the id of its recovery. */
export type NotificationId = Brand<string, 'NotificationId'>
/** Uuid of one instance move of a recovery. */
export type MoveId = Brand<string, 'MoveId'>
/** The fencing token of the acting leader. It grows by one with each leader. */
export type Epoch = Brand<number, 'Epoch'>
/** Name of one process of ours, unique in the cloud (option `[DEFAULT] host`). */
export type NodeName = Brand<string, 'NodeName'>

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** True for the canonical text form of a UUID (RFC 9562 §4). */
export const isUuid = (text: string): boolean => UUID.test(text)

const tagged =
  <Id extends string>() =>
  (text: string): Id =>
    text as Id

export const segmentId = tagged<SegmentId>()
export const hostId = tagged<HostId>()
export const hostName = tagged<HostName>()
export const instanceId = tagged<InstanceId>()
export const notificationId = tagged<NotificationId>()
export const moveId = tagged<MoveId>()
export const nodeName = tagged<NodeName>()

/** Throws RangeError unless the number is a non-negative integer. */
export function epoch(value: number): Epoch {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an epoch: ${value}`)
  return value as Epoch
}
