/** What the store keeps of the instances of a recovery. Part of the store's port. */
import type { Epoch, HostName, InstanceId, MoveId, NotificationId } from '../../schema/ids.ts'
import type {
  MoveOrigin,
  MoveStatus,
  RecordedMove,
  TouchedMove,
  VmMove,
} from '../../schema/records.ts'

export interface PlannedMove {
  readonly instance: InstanceId
  readonly instanceName: string
  readonly origin: MoveOrigin
  /** Locked by us, in an earlier recovery that could not unlock it. */
  readonly held: boolean
  /** ignored: it is left as it is, and `message` says why. */
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

/** Which host did not take an instance (null: Nova's scheduler had none at all), and why. */
export interface HostRefusal {
  readonly by: HostName | null
  /** scheduler: Nova did not accept the host, so nothing was begun there; target: the attempt failed on it. */
  readonly from: Refuser
  readonly message: string
}

/** Who turned an evacuation down. */
export type Refuser = 'scheduler' | 'target'

/** Writes of the acting leader: STALE_EPOCH as in the rest of the recovery's store. */
export interface MoveStore {
  /**
   * Adds the moves that the recovery does not have yet, in this order; answers all of them by id. What an instance was is
   * written with its first plan and never again.
   */
  planMoves(
    epoch: Epoch,
    notification: NotificationId,
    sourceHost: HostName,
    moves: readonly PlannedMove[],
  ): Promise<readonly RecordedMove[]>
  /**
   * Compare-and-set on the status; `ongoing` counts an attempt and sets the start, terminal statuses the end. The attempt
   * begins with `ongoing` and ends with whatever follows.
   */
  updateMove(epoch: Epoch, change: MoveChange): Promise<boolean>
  /** Back to pending, from `ongoing`: Nova was not asked, or did not listen, so the attempt never was. */
  withdrawAttempt(epoch: Epoch, move: MoveId, message: string): Promise<void>
  /** Back to pending: the last request was refused. A host on which it failed is not asked again in this run. */
  recordRefusal(epoch: Epoch, move: MoveId, refusal: HostRefusal): Promise<void>
  /** Gives up every move that nobody has asked for. */
  endMoves(
    epoch: Epoch,
    notification: NotificationId,
    end: { readonly status: 'failed' | 'ignored'; readonly message: string },
  ): Promise<void>
  /** held: written before an instance is locked; free: after it was unlocked. */
  noteLock(epoch: Epoch, move: MoveId, lock: 'held' | 'free'): Promise<void>
  /**
   * Instances that recoveries have locked which are over by now, unless one that goes on is about the same instance: it
   * holds the lock on.
   */
  listLeftLocked(): Promise<readonly VmMove[]>
  /** Moves of other recoveries off this host that touched their instance and did not succeed; of each the latest. */
  listTouched(sourceHost: HostName, except: NotificationId): Promise<readonly TouchedMove[]>
}
