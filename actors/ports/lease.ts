/**
 * A lease that one holder at a time can have. Only a successful write decides who holds it, never a
 * read.
 */

/** Identifies the last successful write of the holder. */
export type LeaseRevision = number

/** The content of the lease in readable form. It may have been written by any program. */
export interface LeaseHolder {
  readonly name: string
  /** Whether it has the form that an engine writes. */
  readonly isEngine: boolean
}

export interface LeasePort {
  /** Takes the free lease; undefined when another holder has it. LEASE_UNAVAILABLE. */
  create(holder: string): Promise<LeaseRevision | undefined>
  /**
   * Prolongs our own lease by compare-and-set; undefined when it is no longer ours.
   * LEASE_UNAVAILABLE.
   */
  renew(holder: string, revision: LeaseRevision): Promise<LeaseRevision | undefined>
  /** Gives the lease back at once. After a failure, the lease stays taken until its TTL ends. */
  release(revision: LeaseRevision): Promise<void>
  /**
   * The holder, for operators who ask why no engine leads. Nothing is decided by a read.
   * LEASE_UNAVAILABLE.
   */
  look(): Promise<LeaseHolder | undefined>
}
