/** The fields that we read of Nova's answers. */
import { Type, type Static } from 'typebox'
import type {
  ComputeService,
  Evacuation,
  Instance,
  InstanceAction,
} from '../../actors/ports/compute.ts'
import { hostName, instanceId, type InstanceId } from '../../schema/ids.ts'
import { answerDecoder } from './answer-decoder.ts'
import type { ComputeApi } from './compute-api.ts'
import { rowReader } from './odd-rows.ts'
import { requestOf } from './scheduler-request.ts'
import { utcMs } from './remote-clock.ts'

const TextOrNull = Type.Union([Type.String(), Type.Null()])

const Service = Type.Object({
  id: Type.String(),
  host: Type.String(),
  zone: Type.Optional(TextOrNull),
  state: Type.String(),
  status: Type.String(),
  forced_down: Type.Boolean(),
  disabled_reason: TextOrNull,
  updated_at: TextOrNull,
})

const Server = Type.Object({
  id: Type.String(),
  name: Type.String(),
  tenant_id: Type.String(),
  // Only administrators get this field. Without it, nothing may be decided.
  'OS-EXT-SRV-ATTR:host': TextOrNull,
  'OS-EXT-STS:vm_state': Type.String(),
  'OS-EXT-STS:task_state': TextOrNull,
  'OS-EXT-STS:power_state': Type.Integer(),
  metadata: Type.Record(Type.String(), Type.String()),
  image: Type.Unknown(),
  flavor: Type.Object({
    vcpus: Type.Integer(),
    ram: Type.Integer(),
    disk: Type.Integer(),
    ephemeral: Type.Integer(),
    swap: Type.Integer(),
    // A policy of Nova may hide them.
    extra_specs: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
  locked: Type.Boolean(),
  // Shown from microversion 2.96 on.
  pinned_availability_zone: Type.Optional(TextOrNull),
  // Only for a server in error.
  fault: Type.Optional(Type.Object({ message: Type.String() })),
})

const Action = Type.Object({
  action: Type.String(),
  user_id: TextOrNull,
  start_time: Type.String(),
})

const Migration = Type.Object({
  id: Type.Integer(),
  uuid: Type.String(),
  instance_uuid: Type.String(),
  status: Type.String(),
  source_compute: Type.String(),
  dest_compute: TextOrNull,
  created_at: Type.String(),
})
export type Migration = Static<typeof Migration>

const Rows = Type.Array(Type.Unknown())

export const decodeServices = answerDecoder(Type.Object({ services: Rows }), 'COMPUTE_UNAVAILABLE')
export const readServices = rowReader(Service, 'os-services')

export const decodeServer = answerDecoder(Type.Object({ server: Server }), 'COMPUTE_UNAVAILABLE')

export const decodeLock = answerDecoder(
  Type.Object({ server: Type.Object({ locked: Type.Boolean(), locked_reason: TextOrNull }) }),
  'COMPUTE_UNAVAILABLE',
)

export const Links = Type.Optional(Type.Array(Type.Object({ rel: Type.String() })))

export const decodeServers = answerDecoder(
  Type.Object({ servers: Rows, servers_links: Links }),
  'COMPUTE_UNAVAILABLE',
)
export const readServers = rowReader(Server, 'servers')

export const decodeActions = answerDecoder(
  Type.Object({ instanceActions: Type.Array(Action) }),
  'COMPUTE_UNAVAILABLE',
)

export const decodeMigrations = answerDecoder(
  Type.Object({
    migrations: Rows,
    migrations_links: Links,
  }),
  'COMPUTE_UNAVAILABLE',
)
export const readMigrations = rowReader(Migration, 'os-migrations')

/** The port's record of Nova's service. */
export const serviceOf = (
  service: Static<typeof Service>,
  agoMs: ComputeApi['agoMs'],
): ComputeService => ({
  id: service.id,
  host: hostName(service.host),
  up: service.state === 'up',
  disabled: service.status === 'disabled',
  disabledReason: service.disabled_reason,
  zone: service.zone ?? null,
  forcedDown: service.forced_down,
  writtenAt: service.updated_at === null ? null : utcMs(service.updated_at),
  writtenAgoMs: service.updated_at === null ? null : agoMs(service.updated_at),
})

/** The port's record of Nova's server. */
export function instanceOf(server: Static<typeof Server>): Instance {
  const host = server['OS-EXT-SRV-ATTR:host']
  const volumeBacked = server.image === '' || server.image === null
  const { needs, query: request } = requestOf(server.flavor, volumeBacked ? 'volume' : 'local')
  return {
    id: instanceId(server.id),
    name: server.name,
    project: server.tenant_id,
    host: host === null ? null : hostName(host),
    vmState: server['OS-EXT-STS:vm_state'],
    taskState: server['OS-EXT-STS:task_state'],
    powerState: server['OS-EXT-STS:power_state'],
    metadata: server.metadata,
    volumeBacked,
    locked: server.locked,
    needs,
    request,
    zone: server.pinned_availability_zone ?? null,
  }
}

/** The port's record of an action on a server. */
export const actionOf = (
  action: Static<typeof Action>,
  timeOf: ComputeApi['timeOf'],
): InstanceAction => ({
  action: action.action,
  user: action.user_id,
  startedAt: timeOf(action.start_time),
})

/** The image from which a server was made; undefined when it boots from a volume. */
export function imageOf(server: Static<typeof Server>): string | undefined {
  const { image } = server
  if (typeof image !== 'object' || image === null || !('id' in image)) return undefined
  return typeof image.id === 'string' ? image.id : undefined
}

/** The port's record of Nova's migration. */
export const evacuationOf = (migration: Migration, timeOf: ComputeApi['timeOf']): Evacuation => ({
  id: migration.uuid,
  instance: instanceId(migration.instance_uuid),
  status: migration.status,
  source: hostName(migration.source_compute),
  dest: migration.dest_compute === null ? null : hostName(migration.dest_compute),
  createdAt: timeOf(migration.created_at),
})

/** The path of one server. */
export const serverPath = (id: InstanceId): string => `/servers/${encodeURIComponent(id)}`
