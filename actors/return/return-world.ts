/** The surroundings in which hosts come back into service, and changes are undone. */
import type { LeadershipTerm } from '../leadership/leadership-term.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { ComputePort } from '../ports/compute.ts'
import type { LedgerStore } from '../ports/ledger.ts'
import type { OperatorStore } from '../ports/operator-store.ts'
import type { ShellPort } from '../ports/shell.ts'
import type { RecoveryStore } from '../ports/store.ts'
import type { PolicyDefaults } from '../policy/segment-policy.ts'
import type { QuarantineRules } from '../policy/quarantine.ts'

export interface ReturnRules extends QuarantineRules {
  /** Between two looks, ms. */
  readonly lookIntervalMs: number
}

export interface ReturnWorld {
  readonly store: Pick<
    RecoveryStore & LedgerStore & OperatorStore,
    | 'listReturning'
    | 'releaseHost'
    | 'listChanges'
    | 'closeChange'
    | 'returnSpare'
    | 'listLeftLocked'
    | 'noteLock'
    | 'listSiteCommands'
    | 'appendJournal'
  >
  readonly term: LeadershipTerm
  readonly clock: ClockPort
  readonly compute: Pick<
    ComputePort,
    | 'findService'
    | 'listEvacuations'
    | 'listInstances'
    | 'listAggregates'
    | 'getInstance'
    | 'readLock'
    | 'clearForcedDown'
    | 'enable'
    | 'disable'
    | 'leaveAggregate'
    | 'unlock'
  >
  readonly shell: Pick<ShellPort, 'probe'>
  readonly announcer: Announcer
  readonly rules: ReturnRules
  readonly policy: PolicyDefaults
  readonly sshTimeoutMs: number
}
