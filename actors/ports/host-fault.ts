/** What the store knows about the host of a fault that concerns only a guest or a service. */
import type { NotificationId } from '../../schema/ids.ts'

/** A host that is reported dead, with the notification that reports it. */
export interface HostFault {
  readonly notification: NotificationId
  /** Whether the host is certified dead. */
  readonly certified: boolean
  /**
   * open: its recovery is not ended; cancelled, ended: the host stays out of service until its
   * return; after a cancelled recovery, an operator is responsible for it.
   */
  readonly state: 'open' | 'cancelled' | 'ended'
}

/** The message of a smaller fault that has given way to this recovery of its host. */
export const gaveWayTo = (recovery: NotificationId): string =>
  `superseded by the fault of its host, recovery ${recovery}`

/** What one recovery did to one instance. */
export interface InstanceRestart {
  readonly notification: NotificationId
  readonly orderedAt: number
  /** When the instance was seen running again; null when it was not. */
  readonly ranAt: number | null
}
