/** Counts and logs what was reported to us and is not what the leader sees itself: a broken observer or device, or a lie. */
import type { LogFields, LogPort } from '../ports/log.ts'

/** One for each process: the metric counts from its start. */
export class Contradictions {
  readonly #log: Pick<LogPort, 'warn'>
  #count = 0

  constructor(log: Pick<LogPort, 'warn'>) {
    this.#log = log
  }

  /** What was said is not true, or cannot be confirmed; `fields` name the host or instance, and the reason. */
  note(fields: LogFields, text: string): void {
    this.#count += 1
    this.#log.warn(fields, text)
  }

  /** Since the start. */
  count(): number {
    return this.#count
  }
}
