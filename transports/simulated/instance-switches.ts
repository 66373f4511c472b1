/**
 * Switches for instances: their states at the beginning of a story, and what their owners do with
 * them.
 */
import type { GroupPolicy } from '../../actors/ports/compute.ts'
import type { InstanceActions, OwnersAction } from './instance-actions.ts'
import { GuestSwitches, type WorldParts } from './guest-switches.ts'
import type { InstanceRow, NovaRows } from './nova-rows.ts'
import type { Site } from './site.ts'
import type { ExpectedState } from './expected-states.ts'

/** The fields of an instance that a story may set. */
export type InstanceChange = Partial<
  Pick<
    InstanceRow,
    | 'vmState'
    | 'taskState'
    | 'powerState'
    | 'locked'
    | 'metadata'
    | 'volumeBacked'
    | 'zone'
    | 'request'
  >
>

export interface InstanceParts extends WorldParts {
  readonly actions: InstanceActions
}

/** The longest task of a host, ms: a snapshot of a large disk, or a build that is given up. */
const TASK_MS = 600_000

/** States in which an emulator runs. */
const EMULATED: readonly string[] = ['active', 'paused', 'rescued', 'resized']

/** Every method is a switch. Instances are named by id or name. */
export class InstanceSwitches extends GuestSwitches {
  readonly #site: Site
  readonly #rows: NovaRows
  readonly #actions: InstanceActions

  constructor(parts: InstanceParts) {
    super(parts)
    this.#site = parts.site
    this.#rows = parts.rows
    this.#actions = parts.actions
  }

  /**
   * Sets the state in which Nova shows an instance: paused, during a task, locked, on a volume …
   */
  putInstance(instance: string, change: InstanceChange): void {
    const row = this.#rows.get(instance)
    this.#say(`${row.name} is ${JSON.stringify(change)}`)
    Object.assign(row, change)
    const machine = row.host === null ? undefined : this.#site.get(row.host)
    if (machine !== undefined && !EMULATED.includes(row.vmState)) {
      this.#site.endCopy(machine, row.id, 'stopped-destroyed')
    }
    if (row.vmState === 'shelved_offloaded') {
      machine?.release(row.needs)
      row.host = null
    }
    this.#rows.expectedStates.keep(row)
    this.#endTask(row)
  }

  /** A living host ends a task that it has begun. A host that dies leaves the task unfinished. */
  #endTask(row: InstanceRow): void {
    const { host, taskState } = row
    if (host === null || taskState === null) return
    this.#site.clock.schedule(TASK_MS, () => {
      if (row.host !== host || row.taskState !== taskState || !this.#site.get(host).serves) return
      row.taskState = null
      if (row.vmState === 'building') row.vmState = 'error'
      this.#rows.expectedStates.change(row.id, { taskState: null, vmState: row.vmState })
    })
  }

  /** These instances should be on one host, or on different hosts. */
  groupInstances(name: string, policy: GroupPolicy, instances: readonly string[]): void {
    this.#say(`${instances.join(', ')} are in the server group ${name} (${policy})`)
    const members = instances.map((instance) => this.#rows.get(instance).id)
    this.#rows.groups = [...this.#rows.groups, { id: name, name, policy, perHostMax: 1, members }]
  }

  /** The expected state of an instance, without our own changes. */
  wishOf(instance: string): ExpectedState | undefined {
    const row = this.#rows.seek(instance)
    return row && this.#rows.expectedStates.of(row.id)
  }

  /** An owner does something with an instance, if it still exists and Nova allows it. */
  ownerActs(instance: string, what: OwnersAction): void {
    const row = this.#rows.seek(instance)
    const answer = row === undefined ? 'it is gone' : this.#actions.byOwner(row, what)?.message
    this.#say(`the owner of ${instance} tries to ${what} it: ${answer ?? 'ok'}`)
  }

  #say(text: string): void {
    this.#site.ledger.note('switch', text)
  }
}
