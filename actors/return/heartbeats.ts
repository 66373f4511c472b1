/**
 * Nova believes in a heartbeat for a minute, so a new one is waited for. Its time is that of any write to the service's row, so
 * what changes the row otherwise, an operator's command or our own, is no heartbeat.
 */
import type { ComputeService } from '../ports/compute.ts'

type Row = Pick<ComputeService, 'writtenAt' | 'disabled' | 'disabledReason' | 'forcedDown'>

export class Heartbeats<Subject> {
  readonly #rows = new Map<Subject, Row>()

  /** True when its nova-compute has written to Nova since the last look. */
  look(subject: Subject, now: Row | undefined): boolean {
    const before = this.#rows.get(subject)
    if (now === undefined) return false
    this.#rows.set(subject, now)
    if (before === undefined || before.writtenAt === null || now.writtenAt === null) return false
    return now.writtenAt > before.writtenAt && isUnchanged(before, now)
  }
}

const isUnchanged = (before: Row, now: Row): boolean =>
  before.disabled === now.disabled &&
  before.disabledReason === now.disabledReason &&
  before.forcedDown === now.forcedDown
