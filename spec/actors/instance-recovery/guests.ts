/** Guests, and what is known of them. */
import type { InstanceRecoveryMessage } from '../../../actors/instance-recovery/instance-recovery.ts'
import type {
  Examination,
  RestartRung,
  RungOrder,
} from '../../../actors/instance-recovery/ladder.ts'
import type { Instance, InstanceAction } from '../../../actors/ports/compute.ts'
import { instanceRow } from '../records.ts'

/** An instance whose owner marked it. */
export const marked = (change: Partial<Instance> = {}): Instance =>
  instanceRow({ metadata: { HA_Enabled: 'true' }, volumeBacked: false, ...change })
/** Its emulator has ended. */
export const DEAD = { powerState: 4 }
/** Something that was asked of it, or that Nova did by itself. */
export const at = (
  action: string,
  startedAt: number,
  user: string | null = 'ha',
): InstanceAction => ({
  action,
  user,
  startedAt,
})
/** An intent of ours. */
export const ordered = (rung: RestartRung, when: number, run = 1): RungOrder => ({
  rung,
  at: when,
  run,
})
/** What was found out about it. */
export const examined = (
  instance: Instance | undefined,
  more: Partial<Examination> = {},
): InstanceRecoveryMessage => ({
  type: 'instance.examined',
  examination: { instance, actions: [], orders: [], ...more },
})
