/** Guests, and what is known about them. */
import type { InstanceRecoveryMessage } from '../../../actors/instance-recovery/instance-recovery.ts'
import type {
  Examination,
  RestartRung,
  RungOrder,
} from '../../../actors/instance-recovery/ladder.ts'
import type { Instance, InstanceAction } from '../../../actors/ports/compute.ts'
import { instanceRow } from '../records.ts'

/** An instance that its owner marked. */
export const marked = (change: Partial<Instance> = {}): Instance =>
  instanceRow({ metadata: { HA_Enabled: 'true' }, volumeBacked: false, ...change })
/** Its emulator has ended. */
export const DEAD = { powerState: 4 }
/** An action on it, of a user or of Nova itself. */
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
/** What the examination found. */
export const examined = (
  instance: Instance | undefined,
  more: Partial<Examination> = {},
): InstanceRecoveryMessage => ({
  type: 'instance.examined',
  examination: { instance, actions: [], orders: [], ...more },
})
