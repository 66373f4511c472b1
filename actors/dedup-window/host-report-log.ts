/** Logs what the store answered to each report about a host that Compute calls failed, up to a limit for each minute. */
import { MinuteQuota } from '../../schema/minute-quota.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { LogPort } from '../ports/log.ts'
import type { Acceptance } from '../ports/store.ts'
import type { FaultReport } from './intake.ts'

/** Any sender on RabbitMQ can report hosts that are not registered. */
const LINES_A_MINUTE_MAX = 60

export class HostReportLog {
  readonly #clock: ClockPort
  readonly #log: LogPort
  readonly #lines = new MinuteQuota(LINES_A_MINUTE_MAX)

  constructor({ clock, log }: { readonly clock: ClockPort; readonly log: LogPort }) {
    this.#clock = clock
    this.#log = log
  }

  note(
    { hostName, publisher }: FaultReport & { readonly type: 'COMPUTE_HOST' },
    outcome: Acceptance['kind'],
  ): void {
    if (!this.#lines.take(this.#clock.monotonicMs())) return
    const fields = { host: hostName, publisher, outcome }
    if (outcome === 'unknown-host')
      this.#log.warn(fields, 'Compute calls a host failed that is not registered')
    else this.#log.info(fields, 'Compute calls a host failed')
  }
}
