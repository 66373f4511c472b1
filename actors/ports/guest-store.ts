/** The guests of moved instances that have not been heard yet. Part of the store's port. */
import type { Epoch, MoveId } from '../../schema/ids.ts'
import type { MoveGuest, TouchedMove } from '../../schema/records.ts'

/** A move that has succeeded, and whose guest is followed. */
export interface AwaitedGuest extends TouchedMove {
  /** When the report of the fault was stored. */
  readonly reportedAt: number
}

/** The end of following one guest. */
export type GuestEnd = MoveGuest & { readonly at: number; readonly reason: string }

/** How many guests of a recovery are back, and how many of its moves have succeeded. */
export interface GuestCount {
  readonly back: number
  readonly total: number
}

export interface GuestStore {
  /** Succeeded moves whose guest is followed, oldest first. */
  listAwaitedGuests(max: number): Promise<readonly AwaitedGuest[]>
  /**
   * Ends the following of a guest: its state and a line of the journal, in one transaction. Neither the move nor its recovery
   * changes its status. undefined when the guest is not followed any more.
   */
  recordGuest(epoch: Epoch, move: MoveId, end: GuestEnd): Promise<GuestCount | undefined>
}
