/**
 * Every wait that the option `host_failure_recovery_interval` sets, by the actor that waits. It is
 * one option because an operator considers the same two effects each time: how soon a recovery goes
 * on, and the load on a Compute service that has problems.
 */
import type { EvacuatorRules, MoveRules } from '../../actors/evacuator/evacuator-messages.ts'
import type { InstanceRecoveryRules } from '../../actors/instance-recovery/instance-recovery.ts'
import type { ProcessRecoveryRules } from '../../actors/process-recovery/process-recovery.ts'
import type { RecoveryRules } from '../../actors/recovery/recovery-messages.ts'

interface RetryWaits {
  readonly recovery: Pick<RecoveryRules, 'heldRecheckMs' | 'firstPauseMs'>
  readonly evacuator: Pick<EvacuatorRules, 'blockedRetryMs' | 'capacityRecheckMs'> &
    Pick<MoveRules, 'refusedRetryMs' | 'unaskedRetryMs' | 'firstRefusalPauseMs'>
  readonly instanceRecovery: Pick<InstanceRecoveryRules, 'retryMs'>
  readonly processRecovery: Pick<ProcessRecoveryRules, 'retryMs'>
}

/** All values in ms. */
export const retryWaitsOf = (intervalMs: number): RetryWaits => ({
  recovery: {
    // How long a held recovery waits before it is decided again. When a hold-down ends sooner, the
    // decision comes sooner; with many instance and service faults it comes later.
    heldRecheckMs: intervalMs,
    // The pause between a failed attempt and the next one. It is doubled after each further
    // failure, up to 5 minutes.
    firstPauseMs: intervalMs,
  },
  evacuator: {
    // How long an evacuator waits after it could not survey or isolate the host, because Compute is
    // not available or the host may be alive.
    blockedRetryMs: intervalMs,
    // How long until the segment is surveyed again while a move waits for capacity. It is shorter
    // while other recoveries have reserved some.
    capacityRecheckMs: intervalMs,
    // How long until an evacuate request that Nova or a target refused may be sent again.
    refusedRetryMs: intervalMs,
    // How long until the next try for an instance for which no request was sent, because its row
    // had changed, the host may be alive, or an operator's command forbids it.
    unaskedRetryMs: intervalMs,
    // How long an instance is not sent again to a host that Nova's scheduler did not accept. It is
    // doubled each time, up to 5 minutes.
    firstRefusalPauseMs: intervalMs,
  },
  // The wait after reading or changing an instance failed, or while the instance is busy.
  instanceRecovery: { retryMs: intervalMs },
  // The wait after a request about the compute service failed.
  processRecovery: { retryMs: intervalMs },
})
