/** Guests of the compute host that an instance monitor runs on. */
import type { InstanceId } from '../../schema/ids.ts'

/** alive: the guest answered; silent: it runs and does not answer; gone: it is not on this host any more. */
export type GuestSign = 'alive' | 'silent' | 'gone'

export interface GuestPort {
  /** Instances that run here now. */
  list(): Promise<readonly InstanceId[]>
  /** Asks one guest for a heartbeat. */
  heartbeat(instance: InstanceId, timeoutMs: number): Promise<GuestSign>
}
