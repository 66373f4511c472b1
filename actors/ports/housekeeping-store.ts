/** The part of the store that deletes old rows, and renews the encryption of secrets. */

/** What is old enough to be deleted. */
export interface PurgeOrder {
  /** Rows that ended before this moment, wall ms. */
  readonly before: number
  /** The most notifications, hosts and segments together. */
  readonly rowsMax: number
}

/** The rows that were deleted. */
export interface Purged {
  /** Their moves, journals and certificates were deleted with them. */
  readonly notifications: number
  readonly hosts: number
  readonly segments: number
}

/** What is known about the keys that seal. */
export interface SealedHeads {
  /** The name of the key on which all processes agreed; undefined before. */
  readonly agreed: string | undefined
  /** Heads of sealed texts of registered hosts, each once. */
  readonly live: readonly string[]
  /** The same for deleted hosts. */
  readonly deleted: readonly string[]
}

/**
 * Needs no epoch: rows that it deletes are not changed any more, and a second deletion is harmless.
 */
export interface HousekeepingStore {
  /**
   * Deletes ended notifications, oldest first; then deleted hosts that no notification names; then
   * segments without hosts; and observers that have not registered since that moment.
   */
  purge(order: PurgeOrder): Promise<Purged>
  /**
   * Replaces the stored texts, also of deleted hosts; all of them or none. Returns the number of
   * changed hosts.
   */
  rewriteControlAttributes(rewrite: (stored: string) => string): Promise<number>
  /**
   * The keys that have sealed stored texts: the first `headLength` characters of each text that
   * begins with the mark.
   */
  listSealedHeads(mark: string, headLength: number): Promise<SealedHeads>
  /** Agrees on the key that seals: the name of the first call stays. Returns the agreed name. */
  agreeOnSealingKey(name: string): Promise<string>
  /** Makes another key the one that seals. */
  replaceSealingKey(name: string): Promise<void>
}
