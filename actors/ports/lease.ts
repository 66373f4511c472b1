/** A lease that one holder at a time can have. Only a successful write decides; never a read. */

/** Identifies the last successful write of the holder. */
export type LeaseRevision = number

/** What stands in the lease, made readable; it may have been written by anybody. */
export interface LeaseHolder {
  readonly name: string
  /** Whether it has the form that an engine writes. */
  readonly isEngine: boolean
}

export interface LeasePort {
  /** Takes the free lease. Undefined when somebody has it. LEASE_UNAVAILABLE. */
  create(holder: string): Promise<LeaseRevision | undefined>
  /** Prolongs our own lease by compare-and-set. Undefined when it is no longer ours. LEASE_UNAVAILABLE. */
  renew(holder: string, revision: LeaseRevision): Promise<LeaseRevision | undefined>
  /** Gives the lease back at once; a failure only costs the rest of the TTL. */
  release(revision: LeaseRevision): Promise<void>
  /** Who has it, for people who ask why nobody leads: nothing is decided by a read. LEASE_UNAVAILABLE */
  look(): Promise<LeaseHolder | undefined>
}
