/** What operators choose and say. Every method may throw that the store is away (`isStoreAway`, retryable). */
import type { NotificationId, SegmentId } from '../../schema/ids.ts'
import type { OperatorCommand, SiteCommand } from '../../schema/records.ts'
import type { PolicyChoices } from '../../schema/segment-policy.ts'

/** What operators say: about a segment for good, about a recovery once, about everything until they say otherwise. */
export interface OperatorStore {
  /** Empty when nothing was chosen. */
  getPolicy(segment: SegmentId): Promise<PolicyChoices>
  /** Replaces all choices. SEGMENT_NOT_FOUND. */
  setPolicy(segment: SegmentId, choices: PolicyChoices): Promise<void>
  /**
   * NOTIFICATION_NOT_FOUND; COMMAND_REFUSED when the command does not fit the state of the recovery. `retry` makes it `new`
   * again: its certificates do not count any more, what was not moved is to be moved.
   */
  giveCommand(command: Omit<OperatorCommand, 'givenAt'>): Promise<OperatorCommand>
  /** Oldest first. */
  listCommands(id: NotificationId): Promise<readonly OperatorCommand[]>
  /** COMMAND_REFUSED. */
  giveSiteCommand(command: Omit<SiteCommand, 'givenAt'>): Promise<SiteCommand>
  /** Oldest first. */
  listSiteCommands(): Promise<readonly SiteCommand[]>
}
