/**
 * The periodic check of nova-compute for what really runs: an instance that Nova shows as active
 * and that does not run is stopped, without the name of a user.
 */
import type { Cancel } from '../../actors/ports/clock.ts'
import { STOPPED } from './evacuations.ts'
import type { Faults } from './faults.ts'
import type { Machine } from './machine.ts'
import type { NovaRows } from './nova-rows.ts'
import type { Site } from './site.ts'

/**
 * Until this check after a boot, Nova still shows the instances that ran before it
 * (`sync_power_state_interval`).
 */
export class PowerSync {
  readonly #site: Site
  readonly #rows: NovaRows
  readonly #faults: Faults
  readonly #next = new Map<Machine, Cancel>()

  constructor(parts: { readonly site: Site; readonly rows: NovaRows; readonly faults: Faults }) {
    this.#site = parts.site
    this.#rows = parts.rows
    this.#faults = parts.faults
  }

  /** Starts with nova-compute. The first check comes one interval later. */
  begin(machine: Machine): void {
    this.#next.get(machine)?.()
    const cancel = this.#site.clock.schedule(this.#faults.nova.powerSyncMs, () => {
      if (machine.serves) this.#sync(machine)
      this.begin(machine)
    })
    this.#next.set(machine, cancel)
  }

  #sync(machine: Machine): void {
    for (const row of this.#rows.onHost(machine.name)) {
      const runs = machine.copies.has(row.id)
      if (runs || row.vmState !== 'active' || row.taskState !== null) continue
      Object.assign(row, STOPPED)
      this.#rows.expectedStates.change(row.id, { vmState: null })
      const startedAt = this.#site.clock.wallMs()
      this.#rows.noteAction(row.id, { action: 'stop', user: null, startedAt })
      this.#site.ledger.note('world', `${row.name} does not run on ${machine.name}: Nova stops it`)
    }
  }
}
