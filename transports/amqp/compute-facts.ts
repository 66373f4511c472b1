/**
 * Which fact each notification of the Compute service has, versioned and unversioned ones alike. Pure.
 * `ops/docs/compute-events.md` lists the same for operators.
 */
import { isUuid } from '../../schema/ids.ts'
import type {
  ComputeFact,
  HostFact,
  InstanceFact,
  ServiceFact,
} from '../../schema/messages/compute-fact.ts'
import type { ComputeEvent } from '../../schema/messages/incident.ts'

export type FactKind = ComputeFact['kind']

/** The parts of a notification that facts are made of. */
export interface Told extends Pick<ComputeEvent, 'eventType' | 'publisher' | 'payload'> {
  /** The user of the request, by its context; undefined when there is no context. */
  readonly user: string | null | undefined
}

/** The event types of each fact. A notification of another type is only shown on our bus. */
export const EVENTS: Readonly<Record<FactKind, readonly string[]>> = {
  'host-failed': ['compute.host.error'],
  'instance-failed': ['compute.instance.error'],
  'service-created': ['service.create'],
  'service-changed': ['service.update'],
  'service-deleted': ['service.delete'],
  'libvirt-lost': ['libvirt.connect.error', 'compute.libvirt.error'],
  'instance-powered-off': ['instance.power_off.end', 'compute.instance.power_off.end'],
  'evacuation-requested': ['instance.evacuate', 'compute.instance.evacuate'],
  'rebuild-scheduled': ['instance.rebuild_scheduled', 'compute.instance.rebuild.scheduled'],
  'rebuild-started': ['instance.rebuild.start', 'compute.instance.rebuild.start'],
  'rebuild-ended': ['instance.rebuild.end', 'compute.instance.rebuild.end'],
  'rebuild-failed': [
    'instance.rebuild.error',
    'compute.instance.rebuild.error',
    'compute_task.rebuild_server.error',
    'compute_task.rebuild_server',
  ],
  'instance-moved': [
    'instance.live_migration_post_dest.end',
    'compute.instance.live_migration.post.dest.end',
    'instance.resize_finish.end',
    'compute.instance.finish_resize.end',
  ],
  'instance-deleted': ['instance.delete.end', 'compute.instance.delete.end'],
}

const KINDS = new Map(
  Object.entries(EVENTS).flatMap(
    ([kind, events]) => events.map((event) => [event, kind as FactKind] as const), // its own key
  ),
)

/** The fact that a notification of this type has; undefined when it is only shown. */
export const factKind = (eventType: string): FactKind | undefined => KINDS.get(eventType)

/** The fact; undefined when the notification lacks the host or the instance that it is about. */
export function readFact(kind: FactKind, told: Told): ComputeFact | undefined {
  switch (kind) {
    case 'host-failed':
      return hostFact(kind, failedHost(told), told)
    case 'libvirt-lost':
      return hostFact(kind, computeHost(told), told)
    case 'service-created':
    case 'service-changed':
    case 'service-deleted':
      return serviceFact(kind, told)
    case 'instance-powered-off':
      return powerOffFact(told)
    default:
      return instanceFact(kind, told)
  }
}

function hostFact(
  kind: HostFact['kind'],
  host: string | undefined,
  { payload }: Told,
): ComputeFact | undefined {
  return host === undefined ? undefined : { kind, host, reason: reasonOf(payload) }
}

function serviceFact(kind: ServiceFact['kind'], { payload }: Told): ComputeFact | undefined {
  const { host, binary, disabled, forced_down: forcedDown } = payload
  if (!isHost(host) || !isHost(binary)) return undefined
  if (typeof disabled !== 'boolean' || typeof forcedDown !== 'boolean') return undefined
  return {
    kind,
    host,
    binary,
    disabled,
    disabledReason: clipped(payload['disabled_reason']),
    forcedDown,
    lastSeenAt: timeOf(payload['last_seen_up']) ?? null,
  }
}

function instanceFact(kind: InstanceFact['kind'], told: Told): ComputeFact | undefined {
  const instance = instanceOf(told.payload)
  if (instance === undefined) return undefined
  const host = hostOf(told) ?? (kind === 'instance-failed' ? computeHost(told) : undefined)
  return { kind, instance, host: host ?? null, reason: reasonOf(told.payload) }
}

function powerOffFact(told: Told): ComputeFact | undefined {
  const { payload, user } = told
  const instance = instanceOf(payload)
  if (instance === undefined) return undefined
  const initiator = 'action_initiator_user' in payload ? payload['action_initiator_user'] : user
  return {
    kind: 'instance-powered-off',
    instance,
    host: hostOf(told) ?? null,
    initiator: initiator === undefined ? 'unknown' : initiator === null ? 'nobody' : 'user',
  }
}

/** `uuid` of versioned payloads, the others of unversioned ones. */
export function instanceOf(payload: Told['payload']): string | undefined {
  const ids = [payload['uuid'], payload['instance_uuid'], payload['instance_id']]
  return ids
    .find((id) => typeof id === 'string' && isUuid(id))
    ?.toString()
    .toLowerCase()
}

/** Not `host_name` or `hostname`: in the payload of an instance those are the guest's own. */
const hostOf = ({ payload }: Told): string | undefined =>
  isHost(payload['host']) ? payload['host'] : undefined

/** The format of this notification is not published: each usual name of the field counts, and then the sender. */
const failedHost = (told: Told): string | undefined => {
  const { host, host_name: hostName, hostname } = told.payload
  return [host, hostName, hostname].find(isHost) ?? computeHost(told)
}

/** The host of a nova-compute, of `nova-compute:HOST` or `compute.HOST`; conductors and others run on controllers. */
function computeHost({ publisher }: Told): string | undefined {
  const [, host] = /^(?:nova-compute:|compute\.)(.+)$/.exec(publisher) ?? []
  return isHost(host) ? host : undefined
}

/** A name of a host that Nova and our API accept. */
const isHost = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w.-]{1,255}$/.test(value)

/** An exception as text or as an object, of a failure; null where nothing failed. */
function reasonOf(payload: Told['payload']): string | null {
  for (const value of [payload['reason'], payload['fault'], payload['message']]) {
    const text = isRecord(value) ? clipped(value['exception_message']) : clipped(value)
    if (text !== null) return text
  }
  return null
}

const REASON_CHARS_MAX = 400

const clipped = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.slice(0, REASON_CHARS_MAX).toWellFormed() : null

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const TIME = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?:Z|\+00:00)?$/

/** A moment as Nova writes it, in UTC, in wall ms. */
export function timeOf(text: unknown): number | undefined {
  const [, date, time] = typeof text === 'string' ? (TIME.exec(text) ?? []) : []
  if (date === undefined || time === undefined) return undefined
  const ms = Date.parse(`${date}T${time}Z`)
  return ms >= 0 ? Math.floor(ms) : undefined
}
