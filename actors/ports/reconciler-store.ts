/** The moves of ended recoveries that were given up. Part of the store's port. */
import type { Epoch, HostName, MoveId } from '../../schema/ids.ts'
import type { Notification, VmMove } from '../../schema/records.ts'
import type { Grant } from './grant.ts'

/** How a late completion has changed its recovery. */
export interface Correction {
  /** The notification as it is now; its message says why. */
  readonly notification: Notification
  /** Ended moves, and all moves. */
  readonly done: number
  readonly total: number
}

export interface ReconcilerStore {
  /**
   * Failed moves that were requested and never seen to arrive, of recoveries that have failed since
   * that moment (wall ms), oldest first. Moves that arrived, and whose instance could not be
   * restored, are left out.
   */
  listGivenUp(sinceMs: number): Promise<readonly VmMove[]>
  /**
   * Records that a failed move of a failed recovery has succeeded: its row, its last attempt, a
   * line of the journal, and the status of the recovery (`finished` when no failed move is left),
   * in one transaction. undefined when the move had no longer failed.
   */
  recordLateCompletion(epoch: Epoch, move: MoveId, dest: HostName): Promise<Correction | undefined>
  /**
   * Moves that were not made, of failed recoveries, whose instance ran before the fault and whose
   * host has returned to service since that moment (wall ms), oldest first. An instance that
   * several recoveries failed to move is listed once.
   */
  listLeftStopped(sinceMs: number): Promise<readonly VmMove[]>
  /**
   * The intent to start such an instance, unless operators have stopped its recovery, or its host
   * has failed again.
   */
  recordStart(epoch: Epoch, move: MoveId, reason: string): Promise<Grant>
}
