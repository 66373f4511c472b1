/** The ledger in the store: every reversible change that a recovery made to a host, until it is undone. */
import type { Epoch, HostName, NotificationId } from '../../schema/ids.ts'
import type { Change, Host, NewChange } from '../../schema/records.ts'
import type { Grant } from './grant.ts'

/** A change that is not undone yet, with what decides on its undoing. */
export interface OpenChange extends Omit<Change, 'host'> {
  readonly host: Host
  readonly recoveryEnded: boolean
  /** The host of that recovery is in service again, whoever had it: the recovery, an operator, or a later recovery. */
  readonly failedHostIsBack: boolean
}

/** Writes of the acting leader, as in `RecoveryStore`. */
export interface LedgerStore {
  /** Written before the change is made; what is open already is not written twice. */
  recordChange(epoch: Epoch, change: NewChange): Promise<void>
  /**
   * Makes a reserved host one of this recovery's: compare-and-set. Checks what `recordIntent` checks, too. Granted again to
   * whoever has it, and to others while it is not just given back: each has an entry of its own, and the last one gives it back.
   */
  takeSpare(epoch: Epoch, notification: NotificationId, host: HostName): Promise<Grant>
  /** Of hosts of enabled segments, oldest first. Compute services are the return's business. */
  listChanges(): Promise<readonly OpenChange[]>
  /** Reserves a taken spare again, from when on nobody is sent there. False when somebody is on his way. */
  returnSpare(epoch: Epoch, change: number): Promise<boolean>
  closeChange(epoch: Epoch, change: number, outcome: string): Promise<void>
}
