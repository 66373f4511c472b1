/**
 * Which instances a caller may see in recoveries: those of all projects, or only those of the
 * caller's project.
 */
import type { FastifyRequest } from 'fastify'
import type { MoveFilter } from '../../actors/ports/store.ts'
import type { InstanceId } from '../../schema/ids.ts'
import type { Notification } from '../../schema/records.ts'
import { mayDo } from '../plugins/policy.ts'
import type { Policy } from '../policy/policy.ts'
import { askedTogether, type ProjectView } from './project-view.ts'

/**
 * `everything` is for operators of the cloud; the rule is
 * `os_masakari_api:notifications:all-projects`.
 */
export type CallerSight =
  | { readonly kind: 'everything' }
  | {
      readonly kind: 'own-instances'
      /**
       * The instances of the token's project; none for a token without a project.
       * COMPUTE_UNAVAILABLE.
       */
      readonly instances: () => Promise<readonly InstanceId[]>
    }

/** What the caller of this request may see. Compute is asked only when the instances are needed. */
export function sightOf(request: FastifyRequest, policy: Policy, view: ProjectView): CallerSight {
  if (mayDo(request, policy, 'notifications:all-projects')) return { kind: 'everything' }
  const instances = async (): Promise<readonly InstanceId[]> => {
    if (request.caller?.projectId === null) return []
    return (await view.instances(request)).map(({ id }) => id)
  }
  return { kind: 'own-instances', instances }
}

/**
 * The notifications without what concerns instances of other projects: their ids, and messages that
 * may name them.
 */
export async function notificationsInSight(
  notifications: readonly Notification[],
  sight: CallerSight,
): Promise<readonly Notification[]> {
  if (sight.kind === 'everything') return notifications
  const named = notifications.some(({ payload }) => payload['instance_uuid'] !== undefined)
  const own = new Set<string>(named ? await sight.instances() : [])
  return notifications.map((notification) => ({
    ...notification,
    message: null,
    payload: Object.fromEntries(
      Object.entries(notification.payload).filter(
        ([name, value]) => name !== 'instance_uuid' || own.has(value),
      ),
    ),
  }))
}

/**
 * A filter for the moves that the caller may see. INPUT_INVALID for a project with too many
 * instances for one query.
 */
export async function movesInSight(sight: CallerSight): Promise<Pick<MoveFilter, 'instances'>> {
  return sight.kind === 'everything' ? {} : { instances: askedTogether(await sight.instances()) }
}
