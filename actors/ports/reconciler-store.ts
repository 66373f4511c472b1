/** What the store keeps of moves that were given up, after their recovery has ended. Part of the store's port. */
import type { Epoch, HostName, MoveId } from '../../schema/ids.ts'
import type { Notification, VmMove } from '../../schema/records.ts'
import type { Grant } from './grant.ts'

/** What a late success has made of its recovery. */
export interface Correction {
  /** As it stands now, its message saying why. */
  readonly notification: Notification
  /** Moves that have ended, of all. */
  readonly done: number
  readonly total: number
}

export interface ReconcilerStore {
  /**
   * Failed moves that were asked for and never seen to arrive, of recoveries that have failed since that moment (wall ms),
   * oldest first. What arrived, and failed to become what it was, has nothing to come.
   */
  listGivenUp(sinceMs: number): Promise<readonly VmMove[]>
  /**
   * A failed move of a failed recovery has succeeded: its row, its last attempt, a line of the journal, and the verdict of
   * the recovery, `finished` once no move is left that failed; all in one. Undefined when it was not so any more.
   */
  recordLateCompletion(epoch: Epoch, move: MoveId, dest: HostName): Promise<Correction | undefined>
  /**
   * Moves that were not made, of failed recoveries, whose instance ran before the fault, and whose host was let back since that moment
   * (wall ms) and is in service, oldest first. An instance that more than one recovery failed to move comes once.
   */
  listLeftStopped(sinceMs: number): Promise<readonly VmMove[]>
  /** The intent to start such an instance, unless operators have stopped its recovery, or its host fails again. */
  recordStart(epoch: Epoch, move: MoveId, reason: string): Promise<Grant>
}
