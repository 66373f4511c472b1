/**
 * The ledger in the store: every reversible change that a recovery made to a host, until it is
 * undone.
 */
import type { Epoch, HostName, NotificationId } from '../../schema/ids.ts'
import type { Change, Host, NewChange } from '../../schema/records.ts'
import type { Grant } from './grant.ts'

/** A change that is not undone yet, with what decides whether it may be undone. */
export interface OpenChange extends Omit<Change, 'host'> {
  readonly host: Host
  readonly recoveryEnded: boolean
  /**
   * The failed host of that recovery is in service again, whichever recovery or operator brought it
   * back.
   */
  readonly failedHostIsBack: boolean
}

/** Writes of the acting leader, as in `RecoveryStore`. */
export interface LedgerStore {
  /** Recorded before the change is made. A change that is already open is not recorded twice. */
  recordChange(epoch: Epoch, change: NewChange): Promise<void>
  /**
   * Makes a reserved host one of this recovery's spares, by compare-and-set, after the same checks
   * as `recordIntent`. It is granted again to a recovery that has the host, and to other recoveries
   * while the host is not being given back. Each recovery has an entry of its own, and the last one
   * gives the host back.
   */
  takeSpare(epoch: Epoch, notification: NotificationId, host: HostName): Promise<Grant>
  /**
   * Changes of hosts of enabled segments, oldest first. The return of a host handles compute
   * services itself.
   */
  listChanges(): Promise<readonly OpenChange[]>
  /**
   * Makes a taken spare reserved again; from then on, no instance is sent there. False when an
   * instance is on its way to it.
   */
  returnSpare(epoch: Epoch, change: number): Promise<boolean>
  closeChange(epoch: Epoch, change: number, outcome: string): Promise<void>
}
