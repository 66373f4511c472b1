/** A record of guests that ran, in memory: it lives as long as whoever holds it. */
import type { KeptRuns, RunRecord } from '../../actors/ports/run-record.ts'

/** A record in memory. */
export class MemoryRunRecord implements RunRecord {
  readonly #boot: () => string
  #kept: KeptRuns | undefined

  /** `boot` names the present boot of the host. */
  constructor(boot: () => string) {
    this.#boot = boot
  }

  async boot(): Promise<string | undefined> {
    return this.#boot()
  }

  async read(): Promise<KeptRuns | undefined> {
    return this.#kept
  }

  async keep(kept: KeptRuns): Promise<void> {
    this.#kept = kept
  }
}
