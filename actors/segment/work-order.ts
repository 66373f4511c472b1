/** The child that carries out a plan, and the phase that its recovery is in meanwhile. Pure. */
import { parseControlAttributes } from '../../schema/control-attributes.ts'
import { instanceId } from '../../schema/ids.ts'
import type { FenceArgument } from '../fence/perform-fence.ts'
import type { InstanceArgument } from '../instance-recovery/perform-instance-recovery.ts'
import type { ChildStart } from '../kernel/behaviour.ts'
import { refOf } from '../kernel/ref.ts'
import type { ProcessArgument } from '../process-recovery/perform-process-recovery.ts'
import type { Plan, Recovery, RecoveryPhase } from './recovery.ts'
import type { SegmentIdentity, SegmentMessage } from './segment-state.ts'

export interface WorkOrder {
  readonly phase: RecoveryPhase
  readonly child: ChildStart
}

/** Who does what is planned for this recovery. */
export function workOrder(identity: SegmentIdentity, recovery: Recovery, plan: Plan): WorkOrder {
  const { epoch, segment } = identity
  const { hostName, evidence, firstRun } = recovery
  const { uuid: notification, payload } = recovery.notification
  const replyTo = refOf<SegmentMessage>('segment', segment)
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
      phase: { kind: 'restarting' },
      child: { type: 'child.start', kind: 'instance-recovery', name: notification, argument },
    }
  }
  if (plan.kind === 'disable') {
    const argument: ProcessArgument = {
      notification,
      epoch,
      host: recovery.host,
      hostName,
      replyTo,
    }
    return {
      phase: { kind: 'disabling' },
      child: { type: 'child.start', kind: 'process-recovery', name: notification, argument },
    }
  }
  const { host, rungs, lastResort } = plan
  const { ipmi: bmc, ssh, agents } = parseControlAttributes(host.controlAttributes)
  const argument: FenceArgument = {
    notification,
    epoch,
    host: host.uuid,
    hostName,
    evidence,
    rungs,
    lastResort,
    bmc,
    ssh,
    reportedAt: recovery.notification.createdAt,
    agents,
    replyTo,
  }
  return {
    phase: { kind: 'fencing' },
    child: { type: 'child.start', kind: 'fence', name: notification, argument },
  }
}
