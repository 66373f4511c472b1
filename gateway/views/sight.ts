/** Which instances a caller may see in recoveries: those of all projects, or those of the caller's own. */
import type { FastifyRequest } from 'fastify'
import type { MoveFilter } from '../../actors/ports/store.ts'
import type { InstanceId } from '../../schema/ids.ts'
import type { Notification } from '../../schema/records.ts'
import { mayDo } from '../plugins/policy.ts'
import type { Policy } from '../policy/policy.ts'
import { askedTogether, type ProjectView } from './project-view.ts'

/** `everything` is for those who run the cloud; the rule is `os_masakari_api:notifications:all-projects`. */
export type CallerSight =
  | { readonly kind: 'everything' }
  | {
      readonly kind: 'own-instances'
      /** Of the token's project; empty for a token without one. COMPUTE_UNAVAILABLE. */
      readonly instances: () => Promise<readonly InstanceId[]>
    }

/** What this request's caller may see. Compute is asked when the instances are needed. */
export function sightOf(request: FastifyRequest, policy: Policy, view: ProjectView): CallerSight {
  if (mayDo(request, policy, 'notifications:all-projects')) return { kind: 'everything' }
  const instances = async (): Promise<readonly InstanceId[]> => {
    if (request.caller?.projectId === null) return []
    return (await view.instances(request)).map(({ id }) => id)
  }
  return { kind: 'own-instances', instances }
}

/** The notifications with nothing about instances of others: their ids, and sentences that may name them. */
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

/** Moves that the caller may see. INPUT_INVALID for a project with too many instances for one question. */
export async function movesInSight(sight: CallerSight): Promise<Pick<MoveFilter, 'instances'>> {
  return sight.kind === 'everything' ? {} : { instances: askedTogether(await sight.instances()) }
}
