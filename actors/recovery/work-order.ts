/** The child that performs a plan, and the state of its recovery meanwhile. Pure. */
import { bmcsOf, parseControlAttributes } from '../../schema/control-attributes.ts'
import { instanceId } from '../../schema/ids.ts'
import { rungsFor } from '../fence/devices.ts'
import type { FenceArgument } from '../fence/perform-fence.ts'
import type { InstanceArgument } from '../instance-recovery/perform-instance-recovery.ts'
import type { ChildStart } from '../kernel/behaviour.ts'
import type { ProcessArgument } from '../process-recovery/perform-process-recovery.ts'
import { refOf, startChild } from '../registry.ts'
import type { Known, Plan, RecoveryOrder } from './recovery-messages.ts'

export interface WorkOrder {
  readonly kind: 'fencing' | 'restarting' | 'disabling'
  readonly child: ChildStart
}

/** The child that performs the plan of this recovery. */
export function workOrder(order: RecoveryOrder, { firstRun }: Known, plan: Plan): WorkOrder {
  const { epoch, hostName, evidence } = order
  const { uuid: notification, payload, sourceHost, createdAt } = order.notification
  const replyTo = refOf('recovery', notification)
  if (plan.kind === 'restart') {
    const instance = instanceId(payload['instance_uuid'] ?? '')
    const { fault, mayRebuild, askedForAt } = plan
    const argument: InstanceArgument = {
      notification,
      epoch,
      instance,
      fault,
      host: hostName,
      askedForAt,
      firstRun,
      mayRebuild,
      replyTo,
    }
    return {
      kind: 'restarting',
      child: startChild('instance-recovery', notification, argument),
    }
  }
  if (plan.kind === 'disable') {
    const argument: ProcessArgument = {
      notification,
      epoch,
      host: sourceHost,
      hostName,
      replyTo,
    }
    return {
      kind: 'disabling',
      child: startChild('process-recovery', notification, argument),
    }
  }
  const { host, rungs, lastResort } = plan
  const attributes = parseControlAttributes(host.controlAttributes)
  const { ssh, agents } = attributes
  const bmcs = bmcsOf(attributes)
  const argument: FenceArgument = {
    notification,
    epoch,
    host: host.uuid,
    hostName,
    evidence,
    rungs: rungsFor(rungs, bmcs),
    lastResort,
    bmcs,
    ssh,
    reportedAt: createdAt,
    isVouchedFor: payload['cluster_status'] === 'OFFLINE',
    agents,
    replyTo,
  }
  return {
    kind: 'fencing',
    child: startChild('fence', notification, argument),
  }
}
