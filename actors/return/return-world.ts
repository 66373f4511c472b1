/** The surroundings in which hosts come back into service, and changes are undone. */
import type { Acting } from '../leadership/intent.ts'
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

export interface ReturnWorld extends Acting {
  readonly store: RecoveryStore & LedgerStore & Pick<OperatorStore, 'listSiteCommands'>
  readonly clock: ClockPort
  readonly compute: ComputePort
  readonly shell: ShellPort
  readonly announcer: Announcer
  readonly rules: ReturnRules
  readonly policy: PolicyDefaults
  readonly sshTimeoutMs: number
}
