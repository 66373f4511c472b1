/** Hosts of a segment: `/segments/{uuid}/hosts`. */
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { DomainBoard } from '../../actors/ports/domain-board.ts'
import type { ObservationBoard } from '../../actors/ports/observations.ts'
import type {
  FieldChanges,
  HostFields,
  HostFilter,
  InventoryStore,
} from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import { hostId, hostName, type HostName, type SegmentId } from '../../schema/ids.ts'
import type { Host, Segment } from '../../schema/records.ts'
import type { GatewayApp } from '../app.ts'
import { credentialsToStore } from '../credentials/credentials.ts'
import { shownToAdmins, shownToOthers } from '../credentials/mask.ts'
import { FaultBody } from '../http/faults.ts'
import { lastOf, listPage, NextLink, pageOf, PageQuery, QueryText } from '../http/paging.ts'
import type { ListOptions } from '../http/paging.ts'
import { BooleanLike, filterBoolean, idOf, Name, Text, toBoolean, uuidOf } from '../input/fields.ts'
import { withDeadline } from '../limits/deadline.ts'
import { frozenFor, OWN_MINOR } from '../plugins/microversion.ts'
import { globalRequestId } from '../plugins/requests.ts'
import type { Policy } from '../policy/policy.ts'
import { domainsView, DomainsView } from '../views/domains-view.ts'
import {
  MaintenanceView,
  maintenanceViews,
  type MaintenanceWorld,
} from '../views/maintenance-view.ts'
import { ObservedView, observedView } from '../views/observed-view.ts'
import { Stamps, stampsOf } from '../views/stamps.ts'
import { refuseUnusedPaths } from './not-allowed.ts'
import { requireSegment, segmentView, SegmentView } from './segments.ts'

const HostView = Type.Object({
  ...Stamps,
  uuid: Type.String(),
  name: Type.String(),
  failover_segment_id: Type.String(),
  failover_segment: SegmentView,
  type: Type.String(),
  reserved: Type.Boolean(),
  control_attributes: Type.String(),
  on_maintenance: Type.Boolean(),
  observed: Type.Optional(ObservedView),
  failure_domains: Type.Optional(DomainsView),
  maintenance: Type.Optional(MaintenanceView),
})
const HostAnswer = Type.Object({ host: HostView })

const FIELDS = {
  name: Name,
  type: Type.String({ maxLength: 255, pattern: '^[a-zA-Z0-9]*$' }),
  control_attributes: Text,
  reserved: Type.Optional(BooleanLike),
  on_maintenance: Type.Optional(BooleanLike),
}
const STRICT = { additionalProperties: false }

const CreateBody = Type.Object({ host: Type.Object(FIELDS, STRICT) }, STRICT)
const UpdateBody = Type.Object(
  { host: Type.Partial(Type.Object(FIELDS), { ...STRICT, minProperties: 1 }) },
  STRICT,
)
const ListQuery = Type.Object({
  ...PageQuery,
  name: QueryText,
  type: QueryText,
  control_attributes: QueryText,
  reserved: QueryText,
  on_maintenance: QueryText,
})
const SegmentParams = Type.Object({ segment: Type.String() })
const HostParams = Type.Object({ segment: Type.String(), id: Type.String() })

const COLUMNS = ['uuid', 'name', 'type', 'reserved', 'on_maintenance', 'failover_segment_id']
// Other callers may not sort by the credentials, because the order tells something about them.
const ADMIN_COLUMNS = [...COLUMNS, 'control_attributes']
const COLLECTION = '/segments/:segment/hosts'
const COMPUTE_TIMEOUT_MS = 10_000

/** What the routes of hosts need. */
export interface HostRoutesDependencies {
  readonly store: InventoryStore & MaintenanceWorld['store']
  readonly policyInForce: MaintenanceWorld['policyInForce']
  readonly compute: Pick<ComputePort, 'findService'>
  readonly clock: ClockPort
  readonly policy: Policy
  readonly observations: ObservationBoard
  readonly domains: DomainBoard
  readonly options: ListOptions
}

/** Installs the routes. */
export function hostRoutes(app: GatewayApp, dependencies: HostRoutesDependencies): void {
  readRoutes(app, dependencies)
  createRoute(app, dependencies)
  changeRoutes(app, dependencies)
  refuseUnusedPaths(app, COLLECTION)
}

function readRoutes(app: GatewayApp, dependencies: HostRoutesDependencies): void {
  const { store, options } = dependencies

  const Answer = Type.Object({ hosts: Type.Array(HostView), links: NextLink })
  app.get(COLLECTION, {
    config: { action: 'os-hosts:index' },
    schema: {
      params: SegmentParams,
      querystring: ListQuery,
      response: { 200: Answer, default: FaultBody },
    },
    handler: async (request) => {
      const { params, query } = request
      const clear = maySeeSecrets(request, dependencies)
      const page = pageOf(query, clear ? ADMIN_COLUMNS : COLUMNS, options)
      const segment = await requireSegment(store, params.segment)
      const filter = filterOf(query, segment.uuid, clear)
      const { rows, next } = await listPage(request, options, page, (wanted) =>
        store.listHosts(filter, wanted),
      )
      const view = viewFor(request, dependencies)
      const hosts: Static<typeof HostView>[] = []
      for (const host of rows) hosts.push(await view(host, segment))
      return { hosts, ...next }
    },
  })

  app.get(`${COLLECTION}/:id`, {
    config: { action: 'os-hosts:detail' },
    schema: { params: HostParams, response: { 200: HostAnswer, default: FaultBody } },
    handler: async (request) => {
      const { params } = request
      const host = await requireHost(store, params.segment, idOf(params.id))
      const segment = await requireSegment(store, host.segment)
      return { host: await viewFor(request, dependencies)(host, segment) }
    },
  })
}

function createRoute(app: GatewayApp, dependencies: HostRoutesDependencies): void {
  const { store } = dependencies
  app.post(COLLECTION, {
    config: { action: 'os-hosts:create' },
    schema: {
      params: SegmentParams,
      body: CreateBody,
      response: { 201: HostAnswer, default: FaultBody },
    },
    handler: async (request, reply) => {
      const { params, body } = request
      const segment = await requireSegment(store, params.segment)
      const name = await requireComputeHost(request, dependencies, body.host.name)
      const created = await store.createHost(segment.uuid, {
        name,
        type: body.host.type,
        controlAttributes: credentialsToStore(body.host.control_attributes, undefined),
        reserved: toBoolean(body.host.reserved ?? false),
        onMaintenance: toBoolean(body.host.on_maintenance ?? false),
      })
      reply.code(201)
      return { host: await viewFor(request, dependencies)(created, segment) }
    },
  })
}

function changeRoutes(app: GatewayApp, dependencies: HostRoutesDependencies): void {
  const { store } = dependencies
  app.put(`${COLLECTION}/:id`, {
    config: { action: 'os-hosts:update' },
    schema: {
      params: HostParams,
      body: UpdateBody,
      response: { 200: HostAnswer, default: FaultBody },
    },
    handler: async (request) => {
      const { params, body } = request
      const segment = await requireSegment(store, params.segment)
      const host = await requireHost(store, segment.uuid, idOf(params.id))
      const { name } = body.host
      if (name !== undefined) await requireComputeHost(request, dependencies, name)
      const change = changeOf(body.host, host)
      const changed = await store.updateHost(segment.uuid, host.uuid, change, frozenFor(request))
      return { host: await viewFor(request, dependencies)(changed, segment) }
    },
  })

  app.delete(`${COLLECTION}/:id`, {
    config: { action: 'os-hosts:delete' },
    schema: { params: HostParams, response: { 204: Type.Null(), default: FaultBody } },
    handler: async ({ params }, reply) => {
      const { uuid, segment } = await requireHost(store, params.segment, idOf(params.id))
      await store.deleteHost(segment, uuid)
      return reply.code(204).send(null)
    },
  })
}

async function requireComputeHost(
  request: FastifyRequest,
  { compute, clock }: HostRoutesDependencies,
  text: string,
): Promise<HostName> {
  const name = hostName(text)
  const service = await withDeadline(clock, COMPUTE_TIMEOUT_MS, 'COMPUTE_UNAVAILABLE', (signal) =>
    compute.findService(name, signal, globalRequestId(request)),
  )
  if (service !== undefined) return name
  throw new CodedError(
    'HOST_UNKNOWN_TO_COMPUTE',
    `Compute service with name ${text} could not be found.`,
  )
}

/** The host of a path, or HOST_NOT_FOUND. */
export async function requireHost(
  store: InventoryStore,
  segment: string,
  id: string,
): Promise<Host> {
  const wanted = uuidOf(id)
  if (wanted === undefined) throw new CodedError('HOST_NOT_FOUND', `No host with id ${id}.`)
  const { uuid } = await requireSegment(store, segment)
  const host = await store.getHost(uuid, hostId(wanted))
  if (host === undefined) throw new CodedError('HOST_NOT_FOUND', unknownHost(segment, id))
  return host
}

const unknownHost = (segment: string, id: string): string =>
  `Host '${id}' under failover_segment '${segment}' could not be found.`

const maySeeSecrets = ({ caller }: FastifyRequest, { policy }: HostRoutesDependencies): boolean =>
  caller !== null && policy.isAdmin(caller)

/** How this caller, with the requested version, sees hosts. */
function viewFor(
  request: FastifyRequest,
  dependencies: HostRoutesDependencies,
): (host: Host, segment: Segment) => Promise<Static<typeof HostView>> {
  const clear = maySeeSecrets(request, dependencies)
  if (request.minor < OWN_MINOR) return async (host, segment) => hostView(host, segment, clear)
  const maintenanceOf = maintenanceViews(dependencies)
  return async (host, segment) => ({
    ...hostView(host, segment, clear),
    observed: observedView(dependencies.observations.of(host.uuid)),
    failure_domains: domainsView(dependencies.domains.of(host.uuid)),
    maintenance: await maintenanceOf(host, segment),
  })
}

const hostView = (host: Host, segment: Segment, clear: boolean): Static<typeof HostView> => ({
  ...stampsOf(host),
  uuid: host.uuid,
  name: host.name,
  failover_segment_id: host.segment,
  failover_segment: segmentView(segment),
  type: host.type,
  reserved: host.reserved,
  control_attributes: clear
    ? shownToAdmins(host.controlAttributes)
    : shownToOthers(host.controlAttributes),
  on_maintenance: host.onMaintenance,
})

function filterOf(query: Static<typeof ListQuery>, segment: SegmentId, clear: boolean): HostFilter {
  const name = lastOf(query.name)
  const type = lastOf(query.type)
  // A caller who may not read the credentials may not guess them with a filter.
  const controlAttributes = clear ? lastOf(query.control_attributes) : undefined
  const reserved = lastOf(query.reserved)
  const onMaintenance = lastOf(query.on_maintenance)
  return {
    segment,
    ...(name === undefined ? {} : { name }),
    ...(type === undefined ? {} : { type }),
    ...(controlAttributes === undefined ? {} : { controlAttributes }),
    ...(reserved === undefined ? {} : { reserved: filterBoolean('reserved', reserved) }),
    ...(onMaintenance === undefined
      ? {}
      : { onMaintenance: filterBoolean('on_maintenance', onMaintenance) }),
  }
}

const changeOf = (
  host: Static<typeof UpdateBody>['host'],
  stored: Host,
): FieldChanges<HostFields> => ({
  ...(host.name === undefined ? {} : { name: hostName(host.name) }),
  ...(host.type === undefined ? {} : { type: host.type }),
  ...(host.control_attributes === undefined
    ? {}
    : { controlAttributes: credentialsToStore(host.control_attributes, stored.controlAttributes) }),
  ...(host.reserved === undefined ? {} : { reserved: toBoolean(host.reserved) }),
  ...(host.on_maintenance === undefined ? {} : { onMaintenance: toBoolean(host.on_maintenance) }),
})
