/** What a project may see: the instances that it owns, and whether their hosts are protected. */
import type { FastifyRequest } from 'fastify'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { ComputePort, Instance } from '../../actors/ports/compute.ts'
import type { InventoryStore } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import { pathParam } from '../app.ts'
import { withDeadline } from '../limits/deadline.ts'
import { remembered } from '../limits/remembered.ts'
import { globalRequestId } from '../plugins/requests.ts'
import { hostProtectionsOf, type HostProtections } from './protection.ts'

const COMPUTE_TIMEOUT_MS = 20_000
/**
 * Within this time Compute is asked once for a project, also when a page is reloaded or many users
 * of the project ask.
 */
const KEPT_MS = 5000
const PROJECTS_MAX = 50

/** Reads what the project of a request may see. */
export interface ProjectView {
  /** Sorted by id. COMPUTE_UNAVAILABLE; ACCESS_FORBIDDEN for a token without a project. */
  instances(request: FastifyRequest): Promise<readonly Instance[]>
  protections(): Promise<HostProtections>
}

/** What the view needs. */
export interface ProjectViewDependencies {
  readonly store: Pick<InventoryStore, 'listHostProtections'>
  readonly compute: Pick<ComputePort, 'listProjectInstances'>
  readonly clock: ClockPort
}

/** A view that keeps both answers for a few seconds. */
export function projectView({ store, compute, clock }: ProjectViewDependencies): ProjectView {
  const instances = remembered<readonly Instance[]>(clock, {
    ttlMs: KEPT_MS,
    answersMax: PROJECTS_MAX,
  })
  const protections = remembered<HostProtections>(clock, { ttlMs: KEPT_MS, answersMax: 1 })
  return {
    instances: (request) => {
      const project = projectOf(request)
      return instances(project, () =>
        withDeadline(clock, COMPUTE_TIMEOUT_MS, 'COMPUTE_UNAVAILABLE', async (signal) => {
          const id = globalRequestId(request)
          const found = await compute.listProjectInstances(project, signal, id)
          return found.toSorted((one, other) => (one.id < other.id ? -1 : 1))
        }),
      )
    },
    protections: () =>
      protections('all', async () => hostProtectionsOf(await store.listHostProtections())),
  }
}

/** For more instances than this, a client must ask for the moves of one instance at a time. */
const ASKED_TOGETHER_MAX = 10_000

/** Returns the instances if they are not too many for one query. INPUT_INVALID. */
export function askedTogether<Asked>(instances: readonly Asked[]): readonly Asked[] {
  if (instances.length <= ASKED_TOGETHER_MAX) return instances
  throw new CodedError(
    'INPUT_INVALID',
    `This project has more than ${ASKED_TOGETHER_MAX} instances: ask /moves for one, as instance_uuid.`,
  )
}

/** The project of the token; when no tokens are used, the project in the path. */
function projectOf(request: FastifyRequest): string {
  const project = request.caller?.projectId ?? pathParam(request, 'projectId')
  if (project !== undefined) return project
  throw new CodedError('ACCESS_FORBIDDEN', 'The token is for no project, so it owns no instances.')
}
