/** What the store knows besides about a fault smaller than its host. */
import type { NotificationId } from '../../schema/ids.ts'

/** A host that is reported dead, and by which notification. */
export interface HostFault {
  readonly notification: NotificationId
  /** Whether the host is certified dead. */
  readonly certified: boolean
  /** open: it is being seen to; cancelled, ended: it keeps the host out of service until its return, an operator's for the first. */
  readonly state: 'open' | 'cancelled' | 'ended'
}

/** What one recovery did to one instance. */
export interface InstanceRestart {
  readonly notification: NotificationId
  readonly orderedAt: number
  /** When it was seen running again; null when it was not. */
  readonly ranAt: number | null
}
