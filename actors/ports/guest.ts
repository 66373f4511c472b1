/** Guests of the compute host that an instance monitor runs on. */
import type { InstanceId } from '../../schema/ids.ts'

/** alive: the guest answered; silent: it runs and does not answer. */
export type GuestSign = 'alive' | 'silent'

export interface GuestPort {
  /**
   * Asks every instance that runs here for a heartbeat, at the same time; each may take
   * `timeoutMs`.
   */
  heartbeats(timeoutMs: number): Promise<ReadonlyMap<InstanceId, GuestSign>>
}
