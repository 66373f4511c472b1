/**
 * What a project sees: whether its instances are protected (`/instances`), and their moves
 * (`/moves`). Since 1.4.
 */
import { Type, type Static } from 'typebox'
import type { Instance } from '../../actors/ports/compute.ts'
import type { NotificationStore } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { VmMove } from '../../schema/records.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { lastOf, listPage, NextLink, pageOf, PageQuery, QueryText } from '../http/paging.ts'
import type { ListOptions } from '../http/paging.ts'
import { folded, idOf } from '../input/fields.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import { askedTogether, type ProjectView } from '../views/project-view.ts'
import {
  gapOf,
  publicMessage,
  type ObjectionOf,
  type HostProtections,
} from '../views/protection.ts'
import { GuestView, ownersGuestView } from '../views/guest.ts'
import { Stamps, stampsOf } from '../views/stamps.ts'
import { timeText } from '../views/times.ts'

const TextOrNull = Type.Union([Type.String(), Type.Null()])

const InstanceView = Type.Object({
  uuid: Type.String(),
  name: Type.String(),
  protected: Type.Boolean(),
  /** Why the instance is not protected. */
  reason: TextOrNull,
})
const MoveView = Type.Object({
  ...Stamps,
  uuid: Type.String(),
  instance_uuid: Type.String(),
  instance_name: Type.String(),
  type: Type.String(),
  status: Type.String(),
  start_time: TextOrNull,
  end_time: TextOrNull,
  message: TextOrNull,
  guest: GuestView,
})
const InstanceQuery = Type.Object({ limit: QueryText, marker: QueryText })
const MoveQuery = Type.Object({ ...PageQuery, status: QueryText, instance_uuid: QueryText })
const Params = Type.Object({ id: Type.String() })

const MOVE_COLUMNS = ['uuid', 'instance_uuid', 'instance_name', 'start_time', 'end_time', 'status']

/** What the routes need. */
export interface InstanceRoutesDependencies {
  readonly store: Pick<NotificationStore, 'listMoves'>
  readonly view: ProjectView
  readonly objection: ObjectionOf
  readonly options: ListOptions
}

/**
 * Installs the routes. An instance of another project gets the same answer as an instance that does
 * not exist.
 */
export function instanceRoutes(app: GatewayApp, dependencies: InstanceRoutesDependencies): void {
  protectionRoutes(app, dependencies)
  moveRoute(app, dependencies)
}

function protectionRoutes(
  app: GatewayApp,
  { view, objection, options }: InstanceRoutesDependencies,
): void {
  const Answer = Type.Object({ instances: Type.Array(InstanceView), links: NextLink })
  app.get('/instances', {
    config: { action: 'instances:index', since: OWN_MINOR },
    schema: { querystring: InstanceQuery, response: { 200: Answer, default: FaultBody } },
    handler: async (request) => {
      const page = pageOf(request.query, [], options)
      const owned = await view.instances(request)
      const protections = await view.protections()
      const { rows, next } = await listPage(request, options, page, async ({ limit, marker }) =>
        rowsAfter(owned, marker).slice(0, limit),
      )
      return { instances: rows.map((row) => instanceView(row, protections, objection)), ...next }
    },
  })

  app.get('/instances/:id', {
    config: { action: 'instances:detail', since: OWN_MINOR },
    schema: {
      params: Params,
      response: { 200: Type.Object({ instance: InstanceView }), default: FaultBody },
    },
    handler: async (request) => {
      const owned = requireOwn(await view.instances(request), idOf(request.params.id))
      return { instance: instanceView(owned, await view.protections(), objection) }
    },
  })
}

function moveRoute(app: GatewayApp, dependencies: InstanceRoutesDependencies): void {
  const { store, view, options } = dependencies
  const Answer = Type.Object({ moves: Type.Array(MoveView), links: NextLink })
  app.get('/moves', {
    config: { action: 'instances:moves', since: OWN_MINOR },
    schema: { querystring: MoveQuery, response: { 200: Answer, default: FaultBody } },
    handler: async (request) => {
      const { query } = request
      const page = pageOf(query, MOVE_COLUMNS, options)
      const status = lastOf(query.status)
      const owned = await view.instances(request)
      const instances = chosen(owned, lastOf(query.instance_uuid))
      const protections = await view.protections()
      const { rows, next } = await listPage(request, options, page, (wanted) =>
        store.listMoves(
          {
            instances: instances.map(({ id }) => id),
            ...(status === undefined ? {} : { status: folded(status) }),
          },
          wanted,
        ),
      )
      return { moves: rows.map((move) => moveView(move, protections)), ...next }
    },
  })
}

function requireOwn(owned: readonly Instance[], id: string): Instance {
  const found = owned.find((instance) => instance.id === folded(id))
  if (found !== undefined) return found
  throw new CodedError('INSTANCE_NOT_FOUND', `This project has no instance with id ${id}.`)
}

/** One instance, or all instances of the project if they are not too many for one query. */
function chosen(owned: readonly Instance[], id: string | undefined): readonly Instance[] {
  if (id !== undefined) return [requireOwn(owned, id)]
  return askedTogether(owned)
}

function rowsAfter(owned: readonly Instance[], marker: string | undefined): readonly Instance[] {
  if (marker === undefined) return owned
  const index = owned.findIndex(({ id }) => id === folded(marker))
  if (index >= 0) return owned.slice(index + 1)
  throw new CodedError('MARKER_NOT_FOUND', `Marker ${marker} could not be found.`)
}

function instanceView(
  instance: Instance,
  protections: HostProtections,
  objection: ObjectionOf,
): Static<typeof InstanceView> {
  const gap = gapOf(instance, protections, objection)
  const { id, name } = instance
  return { uuid: id, name, protected: gap === undefined, reason: gap ?? null }
}

const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeText(ms))

const moveView = (move: VmMove, protections: HostProtections): Static<typeof MoveView> => ({
  ...stampsOf(move),
  uuid: move.uuid,
  instance_uuid: move.instance,
  instance_name: move.instanceName,
  type: 'evacuation',
  status: move.status,
  start_time: timeOrNull(move.startedAt),
  end_time: timeOrNull(move.endedAt),
  message: publicMessage(move, protections),
  guest: ownersGuestView(move),
})
