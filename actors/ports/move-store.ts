/** The rows of a recovery's instances. Part of the store's port. */
import type {
  Epoch,
  HostId,
  HostName,
  InstanceId,
  MoveId,
  NotificationId,
} from '../../schema/ids.ts'
import type {
  MoveOrigin,
  MoveStatus,
  Notification,
  RecordedMove,
  TouchedMove,
  VmMove,
} from '../../schema/records.ts'

export interface PlannedMove {
  readonly instance: InstanceId
  readonly instanceName: string
  readonly origin: MoveOrigin
  /** It had failed before its host did: `origin` replaces one that was written before that was known. */
  readonly failedBefore: boolean
  /** Locked by us in an earlier recovery that could not unlock it. */
  readonly held: boolean
  /** ignored: the instance is left as it is, and `message` says why. */
  readonly status: 'pending' | 'ignored'
  readonly message: string | null
}

export interface MoveChange {
  readonly move: MoveId
  readonly from: readonly MoveStatus[]
  readonly to: MoveStatus
  readonly destHost: HostName | null
  readonly message: string | null
}

/** The host that refused an instance (null: Nova's scheduler had no host at all), and why. */
export interface HostRefusal {
  readonly by: HostName | null
  /**
   * scheduler: Nova did not accept the host, so nothing was begun there; target: the attempt failed
   * on the host.
   */
  readonly from: Refuser
  readonly message: string
}

/** What refused an evacuation. */
export type Refuser = 'scheduler' | 'target'

/** Writes of the acting leader: STALE_EPOCH as in the rest of the recovery's store. */
export interface MoveStore {
  /**
   * Adds the moves that the recovery does not have yet, in this order; returns all its moves by id.
   * The earlier state of an instance is written with its first plan, and changed only for one that had
   * failed before its host, as long as its evacuation is not in flight.
   */
  planMoves(
    epoch: Epoch,
    notification: NotificationId,
    sourceHost: HostName,
    moves: readonly PlannedMove[],
  ): Promise<readonly RecordedMove[]>
  /**
   * Compare-and-set on the status. `ongoing` counts an attempt and sets the start; a terminal
   * status sets the end. The attempt begins with `ongoing` and ends with the next status.
   */
  updateMove(epoch: Epoch, change: MoveChange): Promise<boolean>
  /**
   * From `ongoing` back to `pending`: Nova was not asked, or did not process the request, so the
   * attempt does not count.
   */
  withdrawAttempt(epoch: Epoch, move: MoveId, message: string): Promise<void>
  /**
   * Back to `pending` after the last request was refused. A host on which the evacuation failed is
   * not tried again in this run.
   */
  recordRefusal(epoch: Epoch, move: MoveId, refusal: HostRefusal): Promise<void>
  /** Gives up every move that was never requested. */
  endMoves(
    epoch: Epoch,
    notification: NotificationId,
    end: { readonly status: 'failed' | 'ignored'; readonly message: string },
  ): Promise<void>
  /** held: written before an instance is locked; free: written after it was unlocked. */
  noteLock(epoch: Epoch, move: MoveId, lock: 'held' | 'free'): Promise<void>
  /**
   * Instances that were locked by recoveries which have ended. An instance that an unfinished
   * recovery also handles, or will handle because it was handed over, is left out: that recovery
   * keeps the lock.
   */
  listLeftLocked(): Promise<readonly VmMove[]>
  /**
   * Moves by other recoveries that changed an instance: those from this host that did
   * not succeed, and those from other hosts that are in progress or were handed over to this
   * recovery; the latest one of each instance.
   */
  listTouched(host: HostName, recovery: NotificationId): Promise<readonly TouchedMove[]>
  /**
   * Faults of guests of this host about which nothing was concluded before its own fault: the
   * unfinished ones, and those that gave way to this recovery. Oldest first.
   */
  listOpenGuestFaults(host: HostName, recovery: NotificationId): Promise<readonly Notification[]>
  /** The unfinished recovery of the host to which an instance was moved; undefined without one. */
  findSuccessor(instance: InstanceId, target: HostName): Promise<Successor | undefined>
  /** Leaves the state before the fault to the successor: its `listTouched` shows the move. */
  handOver(epoch: Epoch, move: MoveId, successor: NotificationId): Promise<void>
}

/** The recovery of the target of an earlier move. */
export interface Successor {
  readonly notification: NotificationId
  readonly host: HostId
  /** Whether it has the instance in its plan, and so knows its state before the earlier fault. */
  readonly planned: boolean
}
