/** Instance moves of a recovery: `/notifications/{uuid}/vmoves`. */
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { MoveFilter, NotificationStore } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import { moveId } from '../../schema/ids.ts'
import type { Notification, VmMove } from '../../schema/records.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { lastOf, listPage, NextLink, pageOf, PageQuery, QueryText } from '../http/paging.ts'
import type { ListOptions } from '../http/paging.ts'
import { folded, idOf, uuidOf } from '../input/fields.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import type { Policy } from '../policy/policy.ts'
import { attemptViews } from '../views/attempts.ts'
import { MoveView, movesSeen } from '../views/move.ts'
import type { ProjectView } from '../views/project-view.ts'
import { movesInSight, sightOf } from '../views/sight.ts'
import { refuseMethods, refuseUnusedPaths } from './not-allowed.ts'
import { requireNotification } from './notifications.ts'

const ListQuery = Type.Object({ ...PageQuery, status: QueryText, type: QueryText })
const ListParams = Type.Object({ notification: Type.String() })
const MoveParams = Type.Object({ notification: Type.String(), id: Type.String() })

const COLUMNS = [
  'uuid',
  'notification_uuid',
  'instance_uuid',
  'instance_name',
  'start_time',
  'end_time',
  'type',
  'status',
]
// Callers who may not read these columns may not sort by them, because the order tells something
// about them.
const COLUMNS_OF_EVERYTHING = [...COLUMNS, 'source_host', 'dest_host', 'message']
const COLLECTION = '/notifications/:notification/vmoves'

/** What the routes of moves need. */
export interface VmMoveRoutesDependencies {
  readonly store: NotificationStore
  readonly policy: Policy
  readonly view: ProjectView
  readonly options: ListOptions
}

/** Installs the routes. */
export function vmMoveRoutes(app: GatewayApp, dependencies: VmMoveRoutesDependencies): void {
  const { store, policy, view, options } = dependencies
  const Answer = Type.Object({ vmoves: Type.Array(MoveView), links: NextLink })
  app.get(COLLECTION, {
    config: { action: 'vmoves:index' },
    schema: {
      params: ListParams,
      querystring: ListQuery,
      response: { 200: Answer, default: FaultBody },
    },
    handler: async (request) => {
      const { params, query } = request
      const sight = sightOf(request, policy, view)
      const columns = sight.kind === 'everything' ? COLUMNS_OF_EVERYTHING : COLUMNS
      const page = pageOf(query, columns, options)
      const { uuid: notification } = await requireHostRecovery(store, params.notification)
      const filter = { ...filterOf(query), notification, ...(await movesInSight(sight)) }
      const { rows, next } = await listPage(request, options, page, (wanted) =>
        store.listMoves(filter, wanted),
      )
      return { vmoves: await viewsInSight(request, dependencies, rows), ...next }
    },
  })

  app.get(`${COLLECTION}/:id`, {
    config: { action: 'vmoves:detail' },
    schema: {
      params: MoveParams,
      response: { 200: Type.Object({ vmove: MoveView }), default: FaultBody },
    },
    handler: async (request) => {
      const { params } = request
      const { uuid } = await requireHostRecovery(store, params.notification)
      const id = idOf(params.id)
      const wanted = uuidOf(id)
      const move = wanted === undefined ? undefined : await store.getMove(uuid, moveId(wanted))
      const seen = move === undefined ? [] : [move]
      const [vmove] = await viewsInSight(request, dependencies, seen)
      if (vmove !== undefined) return { vmove }
      throw new CodedError('MOVE_NOT_FOUND', `No vm move with id ${id}.`)
    },
  })

  refuseMethods(app, COLLECTION, ['POST'], 'GET')
  refuseMethods(app, `${COLLECTION}/:id`, ['PUT', 'DELETE'], 'GET')
  refuseUnusedPaths(app, COLLECTION)
}

/** Only the recovery of a host has moves of instances. */
async function requireHostRecovery(store: NotificationStore, text: string): Promise<Notification> {
  const notification = await requireNotification(store, text)
  if (notification.type === 'COMPUTE_HOST') return notification
  throw new CodedError('INPUT_INVALID', `This notification ${text} without vm moves.`)
}

function filterOf(query: Static<typeof ListQuery>): MoveFilter {
  const status = lastOf(query.status)
  const type = lastOf(query.type)
  return {
    ...(status === undefined ? {} : { status: folded(status) }),
    ...(type === undefined ? {} : { type: folded(type) }),
  }
}

/**
 * How this caller, with the requested version, sees moves of one recovery. Moves of other projects'
 * instances are left out.
 */
async function viewsInSight(
  request: FastifyRequest,
  { store, policy, view }: VmMoveRoutesDependencies,
  moves: readonly VmMove[],
): Promise<Static<typeof MoveView>[]> {
  const sight = sightOf(request, policy, view)
  const seen = await movesSeen(moves, { sight, view, minor: request.minor })
  const [first] = moves
  const hasAttempts = sight.kind === 'everything' && request.minor >= OWN_MINOR
  if (first === undefined || !hasAttempts) return seen
  const attempts = await store.listAttempts(first.notification)
  return seen.map((move) => ({ ...move, attempts: attemptViews(attempts, moveId(move.uuid)) }))
}
