/** Keeps the faults of guests that the bus has not accepted yet, over a restart of the process. When it is full, it drops the oldest. */
import type { InstanceId } from '../../schema/ids.ts'

/** A fault as it is to be reported. */
export interface SpooledFault {
  /** Also the id of its message on the bus. */
  readonly id: string
  readonly instance: InstanceId
  readonly gravity: 'impaired' | 'hung' | 'stopped'
  readonly event: string
  readonly domainEvent: string
  readonly evidence: readonly string[]
  /** When it was found, wall ms. */
  readonly foundAt: number
}

/** Never rejects: when the disk does not accept a fault, the spool keeps it in memory only, and the log says so. */
export interface FaultSpool {
  /** All that is kept, oldest first. */
  read(): Promise<readonly SpooledFault[]>
  keep(fault: SpooledFault): Promise<void>
  forget(id: string): Promise<void>
}
