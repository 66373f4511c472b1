/** Moves of all recoveries, newest first: `/console/v1/vmoves`. The API itself has only those of one recovery, as Masakari's. */
import { Type } from 'typebox'
import type { NotificationStore } from '../../actors/ports/store.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { lastOf, listPage, NextLink, pageOf, QueryText, type ListOptions } from '../http/paging.ts'
import { folded } from '../input/fields.ts'
import type { Policy } from '../policy/policy.ts'
import { MoveView, movesSeen } from '../views/move.ts'
import type { ProjectView } from '../views/project-view.ts'
import { movesInSight, sightOf } from '../views/sight.ts'

const Query = Type.Object({ limit: QueryText, marker: QueryText, status: QueryText })
const Answer = Type.Object({ vmoves: Type.Array(MoveView), links: NextLink })

export interface MovesDependencies {
  readonly store: Pick<NotificationStore, 'listMoves'>
  readonly policy: Policy
  readonly view: ProjectView
  readonly options: ListOptions
}

/** Installs the route. */
export function movesRoute(app: GatewayApp, dependencies: MovesDependencies): void {
  const { store, policy, view, options } = dependencies
  app.get('/vmoves', {
    config: { action: 'vmoves:index' },
    schema: { querystring: Query, response: { 200: Answer, default: FaultBody } },
    handler: async (request) => {
      const { query } = request
      const status = lastOf(query.status)
      const sight = sightOf(request, policy, view)
      const filter = {
        ...(status === undefined ? {} : { status: folded(status) }),
        ...(await movesInSight(sight)),
      }
      const page = pageOf(query, [], options)
      const { rows, next } = await listPage(request, options, page, (wanted) =>
        store.listMoves(filter, wanted),
      )
      return { vmoves: await movesSeen(rows, { sight, view, minor: request.minor }), ...next }
    },
  })
}
