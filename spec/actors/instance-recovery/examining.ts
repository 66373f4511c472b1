/** A recovery of one guest at the time of an examination, and what may follow from it. */
import type {
  InstanceRecoveryEffect,
  InstanceRecoveryMessage,
  InstanceRecoveryState,
} from '../../../actors/instance-recovery/instance-recovery.ts'
import type { RestartRung } from '../../../actors/instance-recovery/ladder.ts'
import { tell, type KernelEffect, type Tell } from '../../../actors/kernel/behaviour.ts'
import { refOf } from '../../../actors/registry.ts'
import { I1, N1, ONE } from '../records.ts'
import type { Row } from '../step-table.ts'

export const RULES = {
  processAll: false,
  haMetadataKey: 'HA_Enabled',
  recoverError: false,
  pollMs: 1000,
  limitMs: { start: 60_000, 'hard-reboot': 70_000, rebuild: 600_000 },
  retryMs: 17_000,
  blocksMax: 2,
}
export const ORDER = {
  notification: N1,
  instance: I1,
  fault: 'hung',
  host: ONE,
  askedForAt: 40_000,
  firstRun: 1,
  mayRebuild: false,
  replyTo: refOf('recovery', N1),
} as const

export const EXAMINING: InstanceRecoveryState = { kind: 'examining', timesBlocked: 1 }
export const FINISHED: InstanceRecoveryState = { kind: 'finished' }
export const ordering = (rung: RestartRung, timesBlocked = 1): InstanceRecoveryState => ({
  kind: 'ordering',
  rung,
  timesBlocked,
})

export const reply = (
  status: 'finished' | 'ignored' | 'failed' | 'error',
  reason: string,
): readonly Tell[] => [
  tell(ORDER.replyTo, { type: 'fault.concluded', notification: N1, status, reason }),
]
export const givenWay = (reason: string): readonly Tell[] => [
  tell(ORDER.replyTo, { type: 'fault.forbidden', notification: N1, reason }),
]

export type Case = Row<
  InstanceRecoveryState,
  InstanceRecoveryMessage,
  InstanceRecoveryEffect | KernelEffect<InstanceRecoveryMessage>
>
export const climbs = (
  title: string,
  rung: RestartRung,
  message: InstanceRecoveryMessage,
): Case => ({
  title,
  state: EXAMINING,
  message,
  next: ordering(rung),
  effects: [{ type: 'instance.restart', rung }],
})
/** A guest that Nova shows as running is verified before anything is ordered. */
export const verifies = (
  title: string,
  rung: RestartRung,
  message: InstanceRecoveryMessage,
): Case => ({
  title,
  state: EXAMINING,
  message,
  next: verifying(rung),
  effects: [{ type: 'instance.verify' }],
})
export const verifying = (rung: RestartRung): InstanceRecoveryState => ({
  kind: 'verifying',
  rung,
  timesBlocked: 1,
})
export const ends = (
  title: string,
  message: InstanceRecoveryMessage,
  effects: readonly Tell[],
): Case => ({
  title,
  state: EXAMINING,
  message,
  next: FINISHED,
  effects,
})
