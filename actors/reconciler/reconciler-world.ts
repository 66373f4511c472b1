/** The surroundings in which what recoveries gave up is looked after. */
import type { LeadershipTerm } from '../leadership/leadership-term.ts'
import type { ReconcilerStore } from '../ports/reconciler-store.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { ComputePort } from '../ports/compute.ts'
import type { RecoveryStore } from '../ports/store.ts'

export interface ReconcilerWorld {
  readonly clock: ClockPort
  readonly store: ReconcilerStore & Pick<RecoveryStore, 'appendJournal'>
  readonly term: LeadershipTerm
  readonly compute: Pick<
    ComputePort,
    'listEvacuations' | 'getInstance' | 'listInstances' | 'listActions' | 'start'
  >
  readonly announcer: Announcer
}
