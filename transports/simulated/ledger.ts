/** The record of the simulated world: the ordered log, the violations, and the counts. */
import type { ClockPort } from '../../actors/ports/clock.ts'

/**
 * switch: a fault or an action of an operator; world: a consequence of it; write, read: a request
 * to the cloud or a BMC.
 */
export type LogKind = 'switch' | 'world' | 'write' | 'read'

export interface LogEntry {
  readonly atMs: number
  readonly kind: LogKind
  readonly text: string
}

/** When the log has so many entries, the older half is dropped. */
const LOG_ENTRIES_MAX = 200_000
const VIOLATIONS_MAX = 1000

/** One line of a golden log. */
export const formatEntry = (entry: LogEntry): string => `${entry.atMs} ${entry.kind} ${entry.text}`

/** The truth, written by the world and read by tests. Nothing in the world reads it. */
export class Ledger {
  readonly #clock: ClockPort
  #log: LogEntry[] = []
  readonly #violations: string[] = []
  readonly #counters = new Map<string, number>()

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  get log(): readonly LogEntry[] {
    return this.#log
  }

  /**
   * Broken promises (`ops/docs/promises.md`), such as `I1 two copies of vm-012 on …`; the first
   * thousand.
   */
  get violations(): readonly string[] {
    return this.#violations
  }

  /** How often something happened since the beginning, by name. */
  get counters(): ReadonlyMap<string, number> {
    return this.#counters
  }

  note(kind: LogKind, text: string): void {
    this.#log.push({ atMs: this.#now(), kind, text })
    if (this.#log.length > LOG_ENTRIES_MAX) this.#log = this.#log.slice(LOG_ENTRIES_MAX / 2)
  }

  count(name: string): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + 1)
  }

  violate(what: string): void {
    this.count(`violation.${what.split(' ', 1).join()}`)
    this.note('world', `VIOLATION ${what}`)
    if (this.#violations.length < VIOLATIONS_MAX) {
      this.#violations.push(`${what} at ${this.#now()} ms`)
    }
  }

  #now(): number {
    return Math.round(this.#clock.monotonicMs())
  }
}
