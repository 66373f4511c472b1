/** What missed heartbeats of one guest mean. Pure. */
import type { GuestSign } from '../ports/guest.ts'

export interface GuestHealth {
  /** Whether the guest has answered since it was first seen here. A guest without an agent never answers. */
  readonly answered: boolean
  readonly missed: number
}

/** Also for a guest that was away: it may be another incarnation. */
export const UNKNOWN_GUEST: GuestHealth = { answered: false, missed: 0 }

/** What is known of the guest after one more sign. A guest that could not be asked has not missed a heartbeat. */
export function afterSign(health: GuestHealth, sign: GuestSign): GuestHealth {
  switch (sign) {
    case 'alive':
      return { answered: true, missed: 0 }
    case 'silent':
      return { ...health, missed: health.missed + 1 }
    case 'unknown':
      return { ...health, missed: 0 }
  }
}

/** True at the sample that makes a guest failed, and again after each further series of as many missed heartbeats. */
export function failsNow(health: GuestHealth, samples: number): boolean {
  return health.answered && health.missed > 0 && health.missed % samples === 0
}
