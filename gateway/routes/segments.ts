/** Failover segments: `/segments`. */
import { Type, type Static } from 'typebox'
import type { FieldChanges, InventoryStore, SegmentFields } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import { segmentId } from '../../schema/ids.ts'
import { RECOVERY_METHODS, type RecoveryMethod, type Segment } from '../../schema/records.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { lastOf, listPage, NextLink, pageOf, PageQuery, QueryText } from '../http/paging.ts'
import type { ListOptions } from '../http/paging.ts'
import {
  BooleanLike,
  filterBoolean,
  folded,
  idOf,
  Name,
  NullableText,
  toBoolean,
  uuidOf,
} from '../input/fields.ts'
import { fieldSince, frozenFor } from '../plugins/microversion.ts'
import { Stamps, stampsOf } from '../views/stamps.ts'
import { refuseUnusedPaths } from './not-allowed.ts'

/** A segment as clients see it. */
export const SegmentView = Type.Object({
  ...Stamps,
  uuid: Type.String(),
  name: Type.String(),
  service_type: Type.String(),
  enabled: Type.Boolean(),
  description: Type.Union([Type.String(), Type.Null()]),
  recovery_method: Type.String(),
})
const SegmentAnswer = Type.Object({ segment: SegmentView })

const FIELDS = {
  name: Name,
  recovery_method: Type.Unsafe<RecoveryMethod>({ enum: [...RECOVERY_METHODS] }),
  service_type: Name,
}
const MORE_FIELDS = {
  description: Type.Optional(NullableText),
  enabled: Type.Optional(BooleanLike),
}
const STRICT = { additionalProperties: false }

const CreateBody = Type.Object(
  { segment: Type.Object({ ...FIELDS, ...MORE_FIELDS }, STRICT) },
  STRICT,
)
const UpdateBody = Type.Object(
  {
    segment: Type.Partial(Type.Object({ ...FIELDS, ...MORE_FIELDS }), {
      ...STRICT,
      minProperties: 1,
    }),
  },
  STRICT,
)
const ListQuery = Type.Object({
  ...PageQuery,
  recovery_method: QueryText,
  service_type: QueryText,
  enabled: QueryText,
})
const Params = Type.Object({ id: Type.String() })

const COLUMNS = ['uuid', 'name', 'service_type', 'enabled', 'description', 'recovery_method']

/** A segment's answer body. */
export const segmentView = (segment: Segment): Static<typeof SegmentView> => ({
  ...stampsOf(segment),
  uuid: segment.uuid,
  name: segment.name,
  service_type: segment.serviceType,
  enabled: segment.enabled,
  description: segment.description,
  recovery_method: segment.recoveryMethod,
})

/** The segment of a path, or SEGMENT_NOT_FOUND. */
export async function requireSegment(store: InventoryStore, text: string): Promise<Segment> {
  const id = uuidOf(text)
  const segment = id === undefined ? undefined : await store.getSegment(segmentId(id))
  if (segment === undefined)
    throw new CodedError('SEGMENT_NOT_FOUND', `No failover segment with id ${text}.`)
  return segment
}

/** Installs the routes. */
export function segmentRoutes(app: GatewayApp, store: InventoryStore, options: ListOptions): void {
  readRoutes(app, store, options)
  writeRoutes(app, store)
  refuseUnusedPaths(app, '/segments')
}

function readRoutes(app: GatewayApp, store: InventoryStore, options: ListOptions): void {
  const Answer = Type.Object({ segments: Type.Array(SegmentView), links: NextLink })
  app.get('/segments', {
    config: { action: 'segments:index' },
    schema: { querystring: ListQuery, response: { 200: Answer, default: FaultBody } },
    handler: async (request) => {
      const filter = filterOf(request.query)
      const page = pageOf(request.query, COLUMNS, options)
      const { rows, next } = await listPage(request, options, page, (wanted) =>
        store.listSegments(filter, wanted),
      )
      return { segments: rows.map(segmentView), ...next }
    },
  })

  app.get('/segments/:id', {
    config: { action: 'segments:detail' },
    schema: { params: Params, response: { 200: SegmentAnswer, default: FaultBody } },
    handler: async ({ params }) => ({
      segment: segmentView(await requireSegment(store, idOf(params.id))),
    }),
  })
}

function writeRoutes(app: GatewayApp, store: InventoryStore): void {
  app.post('/segments', {
    config: { action: 'segments:create' },
    schema: { body: CreateBody, response: { 201: SegmentAnswer, default: FaultBody } },
    preValidation: fieldSince(2, 'segment', 'enabled'),
    handler: async ({ body }, reply) => {
      const { segment } = body
      const created = await store.createSegment({
        name: segment.name,
        serviceType: segment.service_type,
        description: segment.description ?? null,
        recoveryMethod: segment.recovery_method,
        enabled: toBoolean(segment.enabled ?? true),
      })
      reply.code(201)
      return { segment: segmentView(created) }
    },
  })

  app.put('/segments/:id', {
    config: { action: 'segments:update' },
    schema: {
      params: Params,
      body: UpdateBody,
      response: { 200: SegmentAnswer, default: FaultBody },
    },
    preValidation: fieldSince(2, 'segment', 'enabled'),
    handler: async (request) => {
      const { uuid } = await requireSegment(store, idOf(request.params.id))
      const change = changeOf(request.body.segment)
      return { segment: segmentView(await store.updateSegment(uuid, change, frozenFor(request))) }
    },
  })

  app.delete('/segments/:id', {
    config: { action: 'segments:delete' },
    schema: { params: Params, response: { 204: Type.Null(), default: FaultBody } },
    handler: async ({ params }, reply) => {
      const { uuid } = await requireSegment(store, idOf(params.id))
      await store.deleteSegment(uuid)
      return reply.code(204).send(null)
    },
  })
}

const filterOf = (
  query: Static<typeof ListQuery>,
): Parameters<InventoryStore['listSegments']>[0] => {
  const recoveryMethod = lastOf(query.recovery_method)
  const serviceType = lastOf(query.service_type)
  const enabled = lastOf(query.enabled)
  return {
    ...(recoveryMethod === undefined ? {} : { recoveryMethod: folded(recoveryMethod) }),
    ...(serviceType === undefined ? {} : { serviceType }),
    ...(enabled === undefined ? {} : { enabled: filterBoolean('enabled', enabled) }),
  }
}

const changeOf = (segment: Static<typeof UpdateBody>['segment']): FieldChanges<SegmentFields> => ({
  ...(segment.name === undefined ? {} : { name: segment.name }),
  ...(segment.service_type === undefined ? {} : { serviceType: segment.service_type }),
  ...(segment.description === undefined ? {} : { description: segment.description }),
  ...(segment.recovery_method === undefined ? {} : { recoveryMethod: segment.recovery_method }),
  ...(segment.enabled === undefined ? {} : { enabled: toBoolean(segment.enabled) }),
})
