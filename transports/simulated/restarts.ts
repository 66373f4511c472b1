/** How the simulated Nova starts a guest again on its host: reboot, start, rebuild. */
import type { InstanceAction } from '../../actors/ports/compute.ts'
import type { HostName } from '../../schema/ids.ts'
import { ACTIVE } from './evacuations.ts'
import type { Machine } from './machine.ts'
import { refused } from './nova-errors.ts'
import type { InstanceRow, NovaRows } from './nova-rows.ts'
import type { Site } from './site.ts'

/** From a reboot or start to the running guest, ms. */
const GUEST_START_MS = 3000
/** From a rebuild to the running guest, ms. */
const REBUILD_MS = 5000
const REBOOTABLE: readonly string[] = ['active', 'stopped', 'paused', 'suspended', 'error']
const REBUILDABLE: readonly string[] = ['active', 'stopped', 'error']

/** The user of our own account. */
const OURSELVES = 'ha'

/** An action of our own on an instance. */
export const asked = (action: string, startedAt: number): InstanceAction => ({
  action,
  user: OURSELVES,
  startedAt,
})

interface Task {
  readonly row: InstanceRow
  readonly taskState: string
  readonly takesMs: number
}

/** Each order is accepted at once, and carried out later by the nova-compute of the host. */
export class Restarts {
  readonly #site: Site
  readonly #rows: NovaRows
  /** Tasks that are not carried out yet, the oldest first. */
  readonly #open = new Set<Task>()

  constructor(parts: { readonly site: Site; readonly rows: NovaRows }) {
    this.#site = parts.site
    this.#rows = parts.rows
  }

  hardReboot(row: InstanceRow): void {
    mustBeIdle(row, REBOOTABLE)
    this.#begin(row, {
      action: 'reboot',
      taskState: 'reboot_started_hard',
      takesMs: GUEST_START_MS,
    })
  }

  start(row: InstanceRow): void {
    mustBeIdle(row, ['stopped'])
    this.#begin(row, { action: 'start', taskState: 'powering-on', takesMs: GUEST_START_MS })
  }

  /**
   * Makes the root disk anew: what kept the guest from starting is removed, with everything else on
   * the disk.
   */
  rebuild(row: InstanceRow): void {
    if (row.volumeBacked) throw refused(`${row.name} has no image`)
    mustBeIdle(row, REBUILDABLE)
    this.#site.brokenGuests.delete(row.id)
    this.#site.ledger.count('rebuild')
    this.#begin(row, { action: 'rebuild', taskState: 'rebuilding', takesMs: REBUILD_MS })
  }

  /**
   * Without a nova-compute, a task waits. A nova-compute that starts carries out the tasks that it
   * finds.
   */
  resume(machine: Machine): void {
    for (const task of this.#open) if (task.row.host === machine.name) this.#carryOutLater(task)
  }

  #begin(
    row: InstanceRow,
    { action, taskState, takesMs }: Omit<Task, 'row'> & { readonly action: string },
  ): void {
    this.#rows.noteAction(row.id, asked(action, this.#site.clock.wallMs()))
    row.taskState = taskState
    const task = { row, taskState, takesMs }
    this.#open.add(task)
    this.#carryOutLater(task)
  }

  #carryOutLater(task: Task): void {
    const { row, taskState, takesMs } = task
    const host = row.host
    this.#site.clock.schedule(takesMs, () => {
      if (row.taskState !== taskState || row.host !== host) this.#open.delete(task)
      else if (host !== null && this.#site.find(host)?.serves === true) this.#carryOut(task, host)
    })
  }

  #carryOut(task: Task, host: HostName): void {
    const { row } = task
    const site = this.#site
    if (!this.#open.delete(task)) return
    const machine = site.get(host)
    if (site.brokenGuests.has(row.id)) {
      Object.assign(row, { vmState: 'error', taskState: null, powerState: 4 })
      site.ledger.note('world', `${row.name} does not start on ${host}`)
      site.endCopy(machine, row.id, 'stopped-destroyed')
      return
    }
    Object.assign(row, ACTIVE)
    site.ledger.note('world', `${row.name} starts on ${host}`)
    site.startCopy(machine, row.id)
  }
}

function mustBeIdle(row: InstanceRow, vmStates: readonly string[]): void {
  if (vmStates.includes(row.vmState) && row.taskState === null) return
  throw refused(`${row.name} is ${row.vmState} (${row.taskState ?? 'no task'})`)
}
