/** What a project may see: the instances that it owns, and how far their hosts are protected. */
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
/** A page that is reloaded, or many users of one project, cost Compute one list in this time. */
const KEPT_MS = 5000
const PROJECTS_MAX = 50

/** Reads it for the project of a request. */
export interface ProjectView {
  /** By id. COMPUTE_UNAVAILABLE; ACCESS_FORBIDDEN for a token without a project. */
  instances(request: FastifyRequest): Promise<readonly Instance[]>
  protections(): Promise<HostProtections>
}

/** What the view is made of. */
export interface ProjectViewDependencies {
  readonly store: Pick<InventoryStore, 'listHostProtections'>
  readonly compute: Pick<ComputePort, 'listProjectInstances'>
  readonly clock: ClockPort
}

/** A view that remembers both for a few seconds. */
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

/** Moves of more instances than that are asked for one instance at a time. */
const ASKED_TOGETHER_MAX = 10_000

/** The same instances, if they are not too many for one question. INPUT_INVALID. */
export function askedTogether<Asked>(instances: readonly Asked[]): readonly Asked[] {
  if (instances.length <= ASKED_TOGETHER_MAX) return instances
  throw new CodedError(
    'INPUT_INVALID',
    `This project has more than ${ASKED_TOGETHER_MAX} instances: ask /moves for one, as instance_uuid.`,
  )
}

/** Where no tokens are asked for, the path names it. */
function projectOf(request: FastifyRequest): string {
  const project = request.caller?.projectId ?? pathParam(request, 'projectId')
  if (project !== undefined) return project
  throw new CodedError('ACCESS_FORBIDDEN', 'The token is for no project, so it owns no instances.')
}
