/** What operators choose and say. Every method may throw that the store is away (`isStoreAway`, retryable). */
import type { NotificationId, SegmentId } from '../../schema/ids.ts'
import type { OperatorWord, SiteWord } from '../../schema/records.ts'
import type { PolicyChoices } from '../../schema/segment-policy.ts'

/** What operators say: about a segment for good, about a recovery once, about everything until they say otherwise. */
export interface OperatorStore {
  /** Empty when nothing was chosen. */
  getPolicy(segment: SegmentId): Promise<PolicyChoices>
  /** Replaces all choices. SEGMENT_NOT_FOUND. */
  setPolicy(segment: SegmentId, choices: PolicyChoices): Promise<void>
  /**
   * NOTIFICATION_NOT_FOUND; WORD_REFUSED when the word does not fit the state of the recovery. `retry` makes it `new`
   * again: its certificates do not count any more, what was not moved is to be moved.
   */
  sayWord(word: Omit<OperatorWord, 'saidAt'>): Promise<OperatorWord>
  /** Oldest first. */
  listWords(id: NotificationId): Promise<readonly OperatorWord[]>
  /** WORD_REFUSED. */
  saySiteWord(word: Omit<SiteWord, 'saidAt'>): Promise<SiteWord>
  /** Oldest first. */
  listSiteWords(): Promise<readonly SiteWord[]>
}
