/** The part of the store that forgets, and keeps secrets fresh. */

/** What is old enough to go. */
export interface PurgeOrder {
  /** What ended before this moment, wall ms. */
  readonly before: number
  /** Most notifications, hosts and segments together. */
  readonly rowsMax: number
}

/** Rows that are gone for good. */
export interface Purged {
  /** Their moves, journals and certificates went with them. */
  readonly notifications: number
  readonly hosts: number
  readonly segments: number
}

/** What is known of the keys that seal. */
export interface SealedHeads {
  /** Name of the key that all processes agreed on; undefined before. */
  readonly agreed: string | undefined
  /** Heads of texts of registered hosts, each once. */
  readonly live: readonly string[]
  /** The same of deleted hosts. */
  readonly deleted: readonly string[]
}

/** Needs no epoch: what it deletes nobody may change any more, and deleting it twice is harmless. */
export interface HousekeepingStore {
  /**
   * Ended notifications, oldest first, then deleted hosts that no notification names, then segments without hosts; and
   * observers that have not registered since.
   */
  purge(order: PurgeOrder): Promise<Purged>
  /** Replaces the stored texts, also of deleted hosts, all or none; answers how many hosts that changed. */
  rewriteControlAttributes(rewrite: (stored: string) => string): Promise<number>
  /** Which keys have sealed stored texts: those that begin with the mark; a head is so many characters long. */
  listSealedHeads(mark: string, headLength: number): Promise<SealedHeads>
  /** Agrees on the key that seals: the first call's name stays; answers the one that was agreed on. */
  agreeOnSealingKey(name: string): Promise<string>
  /** Another key seals from now on. */
  replaceSealingKey(name: string): Promise<void>
}
