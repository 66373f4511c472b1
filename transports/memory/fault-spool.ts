/** A fault spool that loses its faults with its process. */
import type { FaultSpool, SpooledFault } from '../../actors/ports/fault-spool.ts'

/** Faults in memory. */
export class MemoryFaultSpool implements FaultSpool {
  readonly #faults = new Map<string, SpooledFault>()

  async read(): Promise<readonly SpooledFault[]> {
    return [...this.#faults.values()]
  }

  async keep(fault: SpooledFault): Promise<void> {
    this.#faults.set(fault.id, fault)
  }

  async forget(id: string): Promise<void> {
    this.#faults.delete(id)
  }
}
