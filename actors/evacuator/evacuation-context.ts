/** What the effects of one evacuation are performed with: the ports, and what all evacuators of a leader share. */
import type { HostObservations } from '../verification/host-observations.ts'
import type { PowerRechecks } from '../fence/power-recheck.ts'
import type { Acting } from '../leadership/intent.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { Bookings } from '../placement/bookings.ts'
import type { ComputePort } from '../ports/compute.ts'
import type { PlacementPort } from '../ports/placement.ts'
import type { LedgerStore } from '../ports/ledger.ts'
import type { InventoryStore, RecoveryStore } from '../ports/store.ts'
import type { PolicyDefaults } from '../policy/segment-policy.ts'
import type { ComputeNews } from './compute-news.ts'
import type { EvacuationOrder, EvacuatorRules } from './evacuator-messages.ts'
import type { ConcurrencyLimiter } from './concurrency-limiter.ts'

export interface EvacuatorWorld extends Acting {
  readonly store: RecoveryStore & LedgerStore & Pick<InventoryStore, 'findHost'>
  readonly clock: ClockPort
  readonly compute: ComputePort
  readonly placement: PlacementPort
  readonly announcer: Announcer
  readonly observations: HostObservations
  /** Kept by the fences of this leader. */
  readonly powerRechecks: PowerRechecks
  /** Shared by all evacuators of this leader. */
  readonly bookings: Bookings
  readonly rules: EvacuatorRules
  readonly policy: PolicyDefaults
  /** Shared by all evacuators of this leader. */
  readonly limiter: ConcurrencyLimiter
  readonly news: ComputeNews
  /** Shown in Nova as the reason why the service is disabled. */
  readonly disableReason: string
}

/** The context of one evacuation: every effect gets it. `signal` ends when the actor stops. */
export interface EvacuationContext {
  readonly world: EvacuatorWorld
  readonly order: EvacuationOrder
  readonly signal: AbortSignal
}
