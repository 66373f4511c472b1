/**
 * The choices and commands of operators. Every method may throw that the store does not answer
 * (`isStoreAway`, retryable).
 */
import type { NotificationId, SegmentId } from '../../schema/ids.ts'
import type { OperatorCommand, SiteCommand } from '../../schema/records.ts'
import type { PolicyChoices } from '../../schema/segment-policy.ts'

/**
 * The choices of operators for a segment, their commands for one recovery, and their commands for
 * all recoveries.
 */
export interface OperatorStore {
  /** Empty when nothing was chosen. */
  getPolicy(segment: SegmentId): Promise<PolicyChoices>
  /** Replaces all choices. SEGMENT_NOT_FOUND. */
  setPolicy(segment: SegmentId, choices: PolicyChoices): Promise<void>
  /**
   * NOTIFICATION_NOT_FOUND; COMMAND_REFUSED when the command does not fit the state of the
   * recovery. `retry` makes the recovery `new` again: its certificates do not count any more, and
   * its unmoved instances are moved.
   */
  giveCommand(command: Omit<OperatorCommand, 'givenAt'>): Promise<OperatorCommand>
  /** Oldest first. */
  listCommands(id: NotificationId): Promise<readonly OperatorCommand[]>
  /** COMMAND_REFUSED. */
  giveSiteCommand(command: Omit<SiteCommand, 'givenAt'>): Promise<SiteCommand>
  /** Oldest first. */
  listSiteCommands(): Promise<readonly SiteCommand[]>
}
