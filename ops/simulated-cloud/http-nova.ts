/** Nova's REST API over a Compute port: the requests that our own Nova transport sends. */
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type {
  ComputePort,
  ComputeService,
  Evacuation,
  Instance,
  InstanceAction,
  ServerGroup,
} from '../../actors/ports/compute.ts'
import type { PlacementPort } from '../../actors/ports/placement.ts'
import { isCoded, type ErrorCode } from '../../schema/errors.ts'
import { hostName, instanceId, type InstanceId } from '../../schema/ids.ts'
import type { CloudView } from '../../transports/simulated/cloud.ts'
import type { HttpReply, ServedRequest } from './http-server.ts'

const Action = Compile(
  Type.Object({
    evacuate: Type.Optional(Type.Object({ host: Type.Optional(Type.String()) })),
    reboot: Type.Optional(Type.Object({ type: Type.Literal('HARD') })),
    'os-start': Type.Optional(Type.Null()),
    'os-stop': Type.Optional(Type.Null()),
    pause: Type.Optional(Type.Null()),
    lock: Type.Optional(Type.Object({ locked_reason: Type.String() })),
    unlock: Type.Optional(Type.Null()),
    'os-resetState': Type.Optional(
      Type.Object({ state: Type.Union([Type.Literal('error'), Type.Literal('active')]) }),
    ),
    rebuild: Type.Optional(Type.Object({ imageRef: Type.String() })),
  }),
)

const ServiceChange = Compile(
  Type.Object({
    status: Type.Optional(Type.Union([Type.Literal('enabled'), Type.Literal('disabled')])),
    disabled_reason: Type.Optional(Type.String()),
    forced_down: Type.Optional(Type.Boolean()),
  }),
)

async function changeService(compute: ComputePort, id: string, body: unknown): Promise<HttpReply> {
  const change = ServiceChange.Parse(body)
  if (change.forced_down === true) await compute.isolate(id, change.disabled_reason ?? null)
  else if (change.status === 'disabled') await compute.disable(id, change.disabled_reason ?? '')
  if (change.forced_down === false) await compute.clearForcedDown(id)
  if (change.status === 'enabled') await compute.enable(id)
  return { status: 200, body: {} }
}

/** Answers one authorised request. */
export async function answerNova(
  { compute, placement }: Pick<CloudView, 'compute' | 'placement'>,
  request: ServedRequest,
): Promise<HttpReply> {
  const [, , collection = '', id = '', what = '', which = ''] = request.url.pathname.split('/')
  try {
    switch (
      `${request.method} ${collection}${id === '' ? '' : '/*'}${what === '' ? '' : `/${what}`}`
    ) {
      case 'GET os-services':
        return await listServices(compute, request)
      case 'PUT os-services/*':
        return await changeService(compute, id, request.body)
      case 'GET os-aggregates':
        return await listAggregates(compute)
      case 'POST os-aggregates/*/action':
        return await regroup(compute, id, request.body)
      case 'GET os-hypervisors/*':
        return await listHypervisors(compute, placement)
      case 'GET servers/*':
        return id === 'detail' ? await listServers(compute, request) : await showServer(compute, id)
      case 'POST servers/*/action':
        return await act(compute, id, request.body)
      case 'GET servers/*/os-instance-actions':
        return await showActions(compute, id, which)
      case 'GET os-server-groups':
        return {
          status: 200,
          body: { server_groups: (await compute.listServerGroups()).map(groupView) },
        }
      case 'GET servers/*/diagnostics':
        return await showDiagnostics(compute, id)
      case 'GET os-migrations':
        return await listMigrations(compute, request)
      default:
        return fault(404, 'notFound', `no such path: ${request.url.pathname}`)
    }
  } catch (error) {
    return failure(error)
  }
}

async function listServices(compute: ComputePort, { url }: ServedRequest): Promise<HttpReply> {
  const host = url.searchParams.get('host')
  const services = await compute.listServices()
  const found = services.filter((service) => host === null || service.host === host)
  return { status: 200, body: { services: found.map(serviceView) } }
}

async function listAggregates(compute: ComputePort): Promise<HttpReply> {
  const all = await compute.listAggregates()
  const aggregates = all.map(({ id, ...aggregate }) => ({ id: Number(id), ...aggregate }))
  return { status: 200, body: { aggregates } }
}

const Regrouping = Compile(
  Type.Object({
    add_host: Type.Optional(Type.Object({ host: Type.String() })),
    remove_host: Type.Optional(Type.Object({ host: Type.String() })),
  }),
)

/**
 * As in Nova: adding a member host is a conflict, and removing a host that is no member is not
 * found.
 */
async function regroup(compute: ComputePort, id: string, body: unknown): Promise<HttpReply> {
  const { add_host: join, remove_host: leave } = Regrouping.Parse(body)
  const host = hostName(join?.host ?? leave?.host ?? '')
  const isIn = (await compute.listAggregates()).some(
    (one) => one.id === id && one.hosts.includes(host),
  )
  if (join !== undefined && isIn) return fault(409, 'conflictingRequest', `${host} is in ${id}`)
  if (join !== undefined) await compute.joinAggregate(id, host)
  else if (isIn) await compute.leaveAggregate(id, host)
  else return fault(404, 'itemNotFound', `${host} is not in ${id}`)
  return { status: 200, body: {} }
}

/** Each host that Placement knows has one, which is named after it. */
async function listHypervisors(compute: ComputePort, placement: PlacementPort): Promise<HttpReply> {
  const services = await compute.listServices()
  const rooms = await placement.readRooms(services.map(({ host }) => host))
  const hypervisors = [...rooms].map(([host, { largest }]) => ({
    id: host,
    hypervisor_hostname: `${host}.example`,
    service: { host },
    vcpus: largest.vcpus,
    memory_mb: largest.memoryMb,
    local_gb: largest.diskGb,
  }))
  return { status: 200, body: { hypervisors } }
}

async function listServers(compute: ComputePort, { url }: ServedRequest): Promise<HttpReply> {
  const project = url.searchParams.get('project_id')
  const host = hostName(url.searchParams.get('host') ?? '')
  // The instances of a cell that is down are left out without notice.
  const isShown = project !== null || (await compute.findService(host)) !== undefined
  const ofHost = isShown && project === null ? await compute.listInstances(host) : []
  const instances = project === null ? ofHost : await compute.listProjectInstances(project)
  return { status: 200, body: { servers: instances.map(serverView) } }
}

async function showServer(compute: ComputePort, id: string): Promise<HttpReply> {
  const instance = await compute.getInstance(instanceId(id))
  if (instance === undefined)
    return fault(404, 'itemNotFound', `Instance ${id} could not be found.`)
  const reason = (await compute.readLock(instance.id)) ?? null
  return { status: 200, body: { server: { ...serverView(instance), locked_reason: reason } } }
}

async function act(compute: ComputePort, id: string, body: unknown): Promise<HttpReply> {
  if (!Action.Check(body)) return fault(400, 'badRequest', 'no such action')
  const instance = instanceId(id)
  if (body.evacuate !== undefined) {
    const { host } = body.evacuate
    await compute.evacuate(instance, host === undefined ? undefined : hostName(host))
    return { status: 200 }
  }
  if (body.lock !== undefined) {
    await compute.lock(instance, body.lock.locked_reason)
    return { status: 202 }
  }
  if (body['os-resetState']?.state === 'active') {
    await compute.callActive(instance)
    return { status: 202 }
  }
  const [name = ''] = Object.keys(body)
  await ACTIONS[name]?.(compute, instance)
  return { status: 202 }
}

const ACTIONS: Readonly<
  Record<string, (compute: ComputePort, instance: InstanceId) => Promise<void>>
> = {
  reboot: (compute, instance) => compute.hardReboot(instance),
  'os-start': (compute, instance) => compute.start(instance),
  rebuild: (compute, instance) => compute.rebuild(instance),
  'os-stop': (compute, instance) => compute.stop(instance),
  pause: (compute, instance) => compute.pause(instance),
  unlock: (compute, instance) => compute.unlock(instance),
  'os-resetState': (compute, instance) => compute.callBroken(instance),
}

const REQUEST = 'req-of-the-evacuation'

/** The list; with a request id, its events, with a traceback as administrators see it. */
async function showActions(compute: ComputePort, id: string, request: string): Promise<HttpReply> {
  if (request === '') {
    const actions = await compute.listActions(instanceId(id))
    return { status: 200, body: { instanceActions: actions.map(actionView) } }
  }
  const reason = await compute.explainFailure(instanceId(id))
  if (reason === undefined) return { status: 200, body: { instanceAction: { events: [] } } }
  const traceback = `Traceback (most recent call last):\n  File "x.py", line 1\nnova.exception.NoValidHost: ${reason}\n`
  const events = [
    { result: 'Success', traceback: null },
    { result: 'Error', traceback },
  ]
  return { status: 200, body: { instanceAction: { events } } }
}

/** As the libvirt driver: one network device and one disk; unknown values are null. */
async function showDiagnostics(compute: ComputePort, id: string): Promise<HttpReply> {
  const { state, packetsSent, writesDone } = await compute.readDiagnostics(instanceId(id))
  const nic_details = [{ mac_address: 'fa:16:3e:00:00:01', tx_packets: packetsSent, tx_rate: null }]
  const disk_details = [{ write_requests: writesDone, errors_count: null }]
  const body = { state, driver: 'libvirt', uptime: 60, nic_details, disk_details }
  return { status: 200, body }
}

async function listMigrations(compute: ComputePort, { url }: ServedRequest): Promise<HttpReply> {
  const source = hostName(url.searchParams.get('source_compute') ?? '')
  const records = await compute.listEvacuations(source, 0)
  return { status: 200, body: { migrations: records.map(migrationView) } }
}

const serviceView = (service: ComputeService): object => ({
  id: service.id,
  binary: 'nova-compute',
  zone: service.zone,
  host: service.host,
  state: service.up ? 'up' : 'down',
  status: service.disabled ? 'disabled' : 'enabled',
  forced_down: service.forcedDown,
  disabled_reason: service.disabledReason,
  updated_at: service.writtenAt === null ? null : novaTime(service.writtenAt),
})

const serverView = (instance: Instance): object => ({
  id: instance.id,
  name: instance.name,
  tenant_id: instance.project,
  'OS-EXT-SRV-ATTR:host': instance.host,
  // The libvirt name of a host with a domain, which differs from the name of its compute service.
  'OS-EXT-SRV-ATTR:hypervisor_hostname': instance.host === null ? null : `${instance.host}.example`,
  'OS-EXT-STS:vm_state': instance.vmState,
  'OS-EXT-STS:task_state': instance.taskState,
  'OS-EXT-STS:power_state': instance.powerState,
  metadata: instance.metadata,
  image: instance.volumeBacked ? '' : { id: 'an image' },
  locked: instance.locked,
  pinned_availability_zone: instance.zone,
  flavor: {
    vcpus: instance.needs.vcpus,
    ram: instance.needs.memoryMb,
    disk: instance.volumeBacked ? 0 : instance.needs.diskGb,
    ephemeral: instance.volumeBacked ? instance.needs.diskGb : 0,
    swap: 0,
  },
})

const groupView = ({ id, name, policy, perHostMax, members }: ServerGroup): object => ({
  id,
  name,
  policy,
  rules: policy === 'anti-affinity' ? { max_server_per_host: perHostMax } : {},
  members,
})

const migrationView = (record: Evacuation): object => ({
  id: Number(record.id),
  uuid: record.id,
  instance_uuid: record.instance,
  status: record.status,
  source_compute: record.source,
  dest_compute: record.dest,
  created_at: novaTime(record.createdAt),
})

const actionView = ({ action, user, startedAt }: InstanceAction): object => ({
  action,
  request_id: REQUEST,
  user_id: user,
  start_time: novaTime(startedAt),
})

/** Without a time zone, as Nova writes it. */
const novaTime = (wallMs: number): string => new Date(wallMs).toISOString().replace('Z', '')

const STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  COMPUTE_NOT_FOUND: 404,
  COMPUTE_REFUSED: 409,
  COMPUTE_BUSY: 503,
}

function failure(error: unknown): HttpReply {
  if (!isCoded(error)) throw error
  const status = STATUSES[error.code] ?? 500
  const reply = fault(status, status === 404 ? 'itemNotFound' : 'computeFault', error.message)
  const seconds = error.retryAfterSeconds
  return seconds === undefined ? reply : { ...reply, headers: { 'Retry-After': String(seconds) } }
}

const fault = (code: number, name: string, message: string): HttpReply => ({
  status: code,
  headers: { 'x-openstack-request-id': 'req-of-the-http-cloud' },
  body: { [name]: { code, message } },
})
