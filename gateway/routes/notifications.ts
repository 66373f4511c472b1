/** Fault notifications: `/notifications`. */
import type { FastifySchemaCompiler } from 'fastify'
import { Type, type Static, type TSchema } from 'typebox'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type {
  Acceptance,
  NewNotification,
  NotificationFilter,
  NotificationStore,
} from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import { hostName, notificationId } from '../../schema/ids.ts'
import type { Notification, NotificationType } from '../../schema/records.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { lastOf, listPage, NextLink, pageOf, PageQuery, QueryText } from '../http/paging.ts'
import type { ListOptions } from '../http/paging.ts'
import { folded, idOf, uuidOf } from '../input/fields.ts'
import { AnyPayload, canonicalPayload, payloadChecks } from '../input/payloads.ts'
import { compileInput, invalidField } from '../input/validation.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import type { Policy } from '../policy/policy.ts'
import {
  MovesProgress,
  movesProgress,
  workflowDetails,
  type TaskProgress,
} from '../views/progress.ts'
import type { ProjectView } from '../views/project-view.ts'
import { notificationsInSight, sightOf } from '../views/sight.ts'
import { Stamps, stampsOf } from '../views/stamps.ts'
import { parseTime, timeText } from '../views/times.ts'
import { handOver } from './hand-over.ts'
import { refuseMethods, refuseUnusedPaths } from './not-allowed.ts'

const VIEW = {
  ...Stamps,
  notification_uuid: Type.String(),
  generated_time: Type.String(),
  source_host_uuid: Type.String(),
  type: Type.String(),
  payload: Type.Record(Type.String(), Type.String()),
  status: Type.String(),
  failover_segment_uuid: Type.Union([Type.String(), Type.Null()]),
  message: Type.Union([Type.String(), Type.Null()]),
}
const NotificationView = Type.Object(VIEW)
const Detail = Type.Object({
  name: Type.String(),
  progress: Type.Number(),
  state: Type.String(),
  progress_details: Type.Array(
    Type.Object({ timestamp: Type.String(), progress: Type.String(), message: Type.String() }),
  ),
})
const DetailedView = Type.Object({
  ...VIEW,
  recovery_workflow_details: Type.Optional(Type.Array(Detail)),
  progress: Type.Optional(MovesProgress),
})

/** `COMPUTE_INSTANCE` is another name of `VM`. */
const TYPES = ['COMPUTE_HOST', 'VM', 'PROCESS', 'COMPUTE_INSTANCE'] as const
const typeOf = (name: (typeof TYPES)[number]): NotificationType =>
  name === 'COMPUTE_INSTANCE' ? 'VM' : name

const STRICT = { additionalProperties: false }
const CreateBody = Type.Object(
  {
    notification: Type.Object(
      {
        type: Type.Unsafe<(typeof TYPES)[number]>({ enum: [...TYPES] }),
        hostname: Type.String({ minLength: 1, maxLength: 255, pattern: '^[a-zA-Z0-9\\-._]*$' }),
        generated_time: Type.String({ maxLength: 64 }),
        payload: AnyPayload,
      },
      STRICT,
    ),
  },
  STRICT,
)
const ListQuery = Type.Object({
  ...PageQuery,
  status: QueryText,
  type: QueryText,
  source_host_uuid: QueryText,
  'generated-since': QueryText,
})
const Params = Type.Object({ id: Type.String() })

const COLUMNS = [
  'notification_uuid',
  'generated_time',
  'source_host_uuid',
  'failover_segment_uuid',
  'type',
  'status',
]
// Callers who do not see all instances may not sort by these columns, because the order tells
// something about them.
const COLUMNS_OF_EVERYTHING = [...COLUMNS, 'payload', 'message']

/** What the routes of notifications need. */
export interface NotificationRoutesDependencies {
  readonly store: NotificationStore
  readonly clock: ClockPort
  readonly policy: Policy
  readonly view: ProjectView
  /** Hands an accepted notification over to the engine. */
  readonly announce: (notification: Notification) => Promise<void>
  readonly options: ListOptions & { readonly duplicateWindowMs: number }
}

/** The notification of a path, or NOTIFICATION_NOT_FOUND. */
export async function requireNotification(
  store: NotificationStore,
  text: string,
): Promise<Notification> {
  const id = uuidOf(text)
  const found = id === undefined ? undefined : await store.getNotification(notificationId(id))
  if (found !== undefined) return found
  throw new CodedError('NOTIFICATION_NOT_FOUND', `No notification with id ${text}.`)
}

/** Installs the routes. */
export function notificationRoutes(
  app: GatewayApp,
  dependencies: NotificationRoutesDependencies,
): void {
  createRoute(app, dependencies)
  readRoutes(app, dependencies)
  refuseMethods(app, '/notifications/:id', ['PUT', 'DELETE'], 'GET')
  refuseUnusedPaths(app, '/notifications')
}

function createRoute(app: GatewayApp, dependencies: NotificationRoutesDependencies): void {
  const { store, options } = dependencies
  const Answer = Type.Object({ notification: NotificationView })
  app.post('/notifications', {
    config: { action: 'notifications:create' },
    schema: { body: CreateBody, response: { 202: Answer, default: FaultBody } },
    validatorCompiler: compileNotification(),
    handler: async (request, reply) => {
      const report = reportOf(request.body, options.duplicateWindowMs)
      const notification = accepted(await store.acceptNotification(report), report)
      await handOver(dependencies, request, notification)
      reply.code(202)
      return { notification: notificationView(notification) }
    },
  })
}

function readRoutes(app: GatewayApp, dependencies: NotificationRoutesDependencies): void {
  const { store, policy, view: project, options } = dependencies
  const Answer = Type.Object({ notifications: Type.Array(NotificationView), links: NextLink })
  app.get('/notifications', {
    config: { action: 'notifications:index' },
    schema: { querystring: ListQuery, response: { 200: Answer, default: FaultBody } },
    handler: async (request) => {
      const filter = filterOf(request.query)
      const sight = sightOf(request, policy, project)
      const columns = sight.kind === 'everything' ? COLUMNS_OF_EVERYTHING : COLUMNS
      const page = pageOf(request.query, columns, options)
      const { rows, next } = await listPage(request, options, page, (wanted) =>
        store.listNotifications(filter, wanted),
      )
      const seen = await notificationsInSight(rows, sight)
      return { notifications: seen.map(notificationView), ...next }
    },
  })

  const Detailed = Type.Object({ notification: DetailedView })
  app.get('/notifications/:id', {
    config: { action: 'notifications:detail' },
    schema: { params: Params, response: { 200: Detailed, default: FaultBody } },
    handler: async (request) => {
      const { params, minor } = request
      const found = await requireNotification(store, idOf(params.id))
      const sight = sightOf(request, policy, project)
      const [seen = found] = await notificationsInSight([found], sight)
      const view = notificationView(seen)
      if (minor < 1) return { notification: view }
      const tasks = workflowDetails(found, await store.listJournal(found.uuid))
      const details = sight.kind === 'everything' ? tasks : tasks.map(withoutDetails)
      const progress = minor < OWN_MINOR ? {} : { progress: await movesProgress(store, found) }
      return { notification: { ...view, recovery_workflow_details: [...details], ...progress } }
    },
  })
}

/**
 * Checks the schema of the body, then the payload by its type, then the time. All of this comes
 * before the caller's rights are checked.
 */
function compileNotification(): FastifySchemaCompiler<TSchema> {
  const checks = payloadChecks()
  return (route) => {
    const validate = compileInput(route)
    if (route.httpPart !== 'body') return validate
    return (body: Static<typeof CreateBody>) => {
      const result = validate(body)
      if (result !== undefined && typeof result === 'object' && 'error' in result) return result
      const { type, payload, generated_time: time } = body.notification
      const untimely = parseTime(time) === undefined ? invalidTime(time) : undefined
      const error = checks[typeOf(type)](payload, 'payload') ?? untimely
      return error === undefined ? { value: body } : { error }
    }
  }
}

const invalidTime = (text: string): CodedError =>
  invalidField('generated_time', text, `'${text}' is not a 'date-time'`)

function reportOf(
  { notification }: Static<typeof CreateBody>,
  duplicateWindowMs: number,
): NewNotification {
  const generatedAt = parseTime(notification.generated_time)
  if (generatedAt === undefined) throw invalidTime(notification.generated_time)
  return {
    type: typeOf(notification.type),
    hostName: hostName(notification.hostname),
    generatedAt,
    payload: canonicalPayload(notification.payload),
    duplicateWindowMs,
  }
}

function accepted(acceptance: Acceptance, { type, hostName: name }: NewNotification): Notification {
  switch (acceptance.kind) {
    case 'accepted':
      return acceptance.notification
    case 'unknown-host':
      throw new CodedError('INPUT_INVALID', `Host with name ${name} could not be found.`)
    case 'on-maintenance':
      throw new CodedError('HOST_ON_MAINTENANCE', `Host ${name} is already under maintenance.`)
    case 'duplicate':
      throw new CodedError(
        'NOTIFICATION_DUPLICATE',
        `Duplicate notification received for type: ${type}`,
      )
    default:
      throw new TypeError('unknown acceptance')
  }
}

function filterOf(query: Static<typeof ListQuery>): NotificationFilter {
  const status = lastOf(query.status)
  const asked = lastOf(query.type)
  const type = asked === undefined ? undefined : folded(asked).toUpperCase()
  const sourceHost = lastOf(query.source_host_uuid)
  const since = lastOf(query['generated-since'])
  return {
    ...(status === undefined ? {} : { status: folded(status) }),
    ...(type === undefined ? {} : { type: type === 'COMPUTE_INSTANCE' ? 'VM' : type }),
    ...(sourceHost === undefined ? {} : { sourceHost: folded(sourceHost) }),
    ...(since === undefined ? {} : { generatedSince: sinceOf(since) }),
  }
}

function sinceOf(text: string): number {
  // When a client does not escape the `+` of an offset, it arrives as a space.
  const since = parseTime(text.replace(/ (?=\d\d:?\d\d$)/, '+')) ?? parseTime(text)
  if (since !== undefined) return since
  throw new CodedError(
    'INPUT_INVALID',
    `Invalid generated-since value: '${text.slice(0, 64)}' is not an ISO 8601 time`,
  )
}

/** The lines of the journal name hosts and instances of all projects. */
const withoutDetails = (task: TaskProgress): TaskProgress => ({ ...task, progress_details: [] })

const notificationView = (notification: Notification): Static<typeof NotificationView> => ({
  ...stampsOf(notification),
  notification_uuid: notification.uuid,
  generated_time: timeText(notification.generatedAt),
  source_host_uuid: notification.sourceHost,
  type: notification.type,
  payload: { ...notification.payload },
  status: notification.status,
  failover_segment_uuid: notification.segment,
  message: notification.message,
})
