/**
 * Every wait that the option `host_failure_recovery_interval` sets, by the actor that waits. They are one option because an operator
 * weighs the same two things in each: how soon we go on, and the load on a Compute service that is in trouble.
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

/** All of them in ms. */
export const retryWaitsOf = (intervalMs: number): RetryWaits => ({
  recovery: {
    // A held recovery is decided on again. A hold-down that ends sooner is not waited out; a crowd of small faults waits longer.
    heldRecheckMs: intervalMs,
    // The next attempt begins after a failed one. It is doubled after each further failure, up to 5 minutes.
    firstPauseMs: intervalMs,
  },
  evacuator: {
    // An evacuator that could not survey or isolate the host begins again: Compute is away, or the host may live.
    blockedRetryMs: intervalMs,
    // The segment is surveyed again while a move waits for capacity. It is shorter while others have reserved some.
    capacityRecheckMs: intervalMs,
    // Nova or a target refused the evacuate request of an instance, and it may ask again.
    refusedRetryMs: intervalMs,
    // No request was sent for an instance: its row had changed, the host may live, or an operator's command forbids it.
    unaskedRetryMs: intervalMs,
    // Nova's scheduler did not accept a host, or any, for an instance: the pair rests. It is doubled each time, up to 5 minutes.
    firstRefusalPauseMs: intervalMs,
  },
  // A look at an instance or an order failed, or the instance is busy.
  instanceRecovery: { retryMs: intervalMs },
  // A request about the compute service failed.
  processRecovery: { retryMs: intervalMs },
})
