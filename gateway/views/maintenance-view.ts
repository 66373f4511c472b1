/** Why a host is on maintenance, and what ends that; since 1.4. */
import { Type, type Static } from 'typebox'
import type { OperatorStore } from '../../actors/ports/operator-store.ts'
import type { NotificationStore } from '../../actors/ports/store.ts'
import type { NotificationId } from '../../schema/ids.ts'
import {
  UNFINISHED_STATUSES,
  type Host,
  type Notification,
  type Segment,
} from '../../schema/records.ts'
import type { PolicyChoices, SegmentPolicy } from '../../schema/segment-policy.ts'

/** Null of a host that is in service. */
export const MaintenanceView = Type.Union([
  Type.Object({
    /** `operator` or `recovery`. */
    by: Type.String(),
    /** The recovery that keeps it out of service. */
    notification_uuid: Type.Union([Type.String(), Type.Null()]),
    reason: Type.String(),
    released_by: Type.String(),
  }),
  Type.Null(),
])
type View = Static<typeof MaintenanceView>

/** What the view needs. */
export interface MaintenanceWorld {
  readonly store: Pick<NotificationStore, 'getNotification'> & Pick<OperatorStore, 'getPolicy'>
  readonly policyInForce: (segmentName: string, choices: PolicyChoices) => SegmentPolicy
}

/** The view of one host after the other; each recovery, and the policy of the segment, is read once. */
export function maintenanceViews({ store, policyInForce }: MaintenanceWorld) {
  const recoveries = new Map<NotificationId, Notification | undefined>()
  let returns: SegmentPolicy['returnToService'] | undefined
  return async ({ onMaintenance, maintenanceBy }: Host, { uuid, name }: Segment): Promise<View> => {
    if (!onMaintenance) return null
    if (maintenanceBy === null) return BY_OPERATOR
    if (!recoveries.has(maintenanceBy)) {
      recoveries.set(maintenanceBy, await store.getNotification(maintenanceBy))
    }
    returns ??= policyInForce(name, await store.getPolicy(uuid)).returnToService
    return heldBy(maintenanceBy, recoveries.get(maintenanceBy), returns)
  }
}

const BY_OPERATOR: View = {
  by: 'operator',
  notification_uuid: null,
  reason: 'an operator has put it on maintenance',
  released_by: 'an operator, with on_maintenance = false',
}

function heldBy(
  id: NotificationId,
  recovery: Notification | undefined,
  returns: SegmentPolicy['returnToService'],
): View {
  const about = { by: 'recovery', notification_uuid: id }
  if (recovery === undefined) {
    return { ...about, reason: 'its recovery was deleted', released_by: BY_HAND }
  }
  const { status, message } = recovery
  const why = message === null ? '' : `: ${message}`
  if (UNFINISHED_STATUSES.some((each) => each === status)) {
    const reason = `its recovery is ${status}${why}`
    return {
      ...about,
      reason,
      released_by: `the end of its recovery, and then ${returnOf(returns)}`,
    }
  }
  const reason = `its recovery is ${status}${why}`
  const again = status === 'finished' ? '' : 'retry, which begins the recovery again; '
  return { ...about, reason, released_by: `${again}${returnOf(returns)}; ${BY_HAND}` }
}

const BY_HAND = 'on_maintenance = false, which ends it without any check'

/** How hosts of the segment return into service. */
const returnOf = (returns: SegmentPolicy['returnToService']): string =>
  returns === 'automatic'
    ? 'its return into service by itself, as soon as the checks pass'
    : 'let-back, which returns it into service as soon as the checks pass'
