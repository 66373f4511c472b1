/** Switches for guests: what happens to them, and what their users do. */
import type { GuestEvent } from '../../actors/ports/guest.ts'
import { instanceId, type InstanceId } from '../../schema/ids.ts'
import { ACTIVE, STOPPED } from './evacuations.ts'
import { FLAVORS } from './flavors.ts'
import { PROJECTS, type InstanceRow, type NovaRows } from './nova-rows.ts'
import type { SeededRandom } from './random.ts'
import type { Site } from './site.ts'

/** The world that switches change. */
export interface WorldParts {
  readonly site: Site
  readonly rows: NovaRows
  readonly random: SeededRandom
}

/** The user who owns every instance. */
export const USER = 'a-user'

/**
 * Every method is a switch. Instances are named by id or name; an unknown one throws RangeError.
 */
export class GuestSwitches {
  readonly #site: Site
  readonly #rows: NovaRows
  readonly #random: SeededRandom

  constructor({ site, rows, random }: WorldParts) {
    this.#site = site
    this.#rows = rows
    this.#random = random
  }

  /** A user boots an instance on a host. It runs at once. */
  bootInstance(host: string, name: string): InstanceId {
    this.#note(`${host} gets ${name}`)
    const machine = this.#site.get(host)
    const id = instanceId(this.#random.fork(`id of ${name}`).uuid())
    const metadata = { HA_Enabled: 'True' }
    const needs = FLAVORS.small
    const owned = { id, name, project: PROJECTS[0], metadata, volumeBacked: false, needs }
    this.#rows.addInstance({
      ...owned,
      host: machine.name,
      ...ACTIVE,
      locked: false,
      request: null,
      zone: null,
    })
    this.#act(id, 'create', USER)
    machine.take(needs)
    this.#site.startCopy(machine, id)
    return id
  }

  /** The emulator dies. nova-compute notices it and marks the instance as stopped. */
  killGuest(instance: string): void {
    const row = this.#rows.get(instance)
    this.#note(`${row.name} dies`)
    if (this.#end(row, 'stopped-failed')) this.#act(row.id, 'stop', null)
  }

  /** The guest runs and answers nothing, until it is rebooted. */
  hangGuest(instance: string): void {
    const row = this.#rows.get(instance)
    this.#note(`${row.name} hangs`)
    this.#site.hungGuests.add(row.id)
  }

  /** The guest cannot start any more, until it is repaired or rebuilt. */
  breakGuest(instance: string): void {
    const row = this.#rows.get(instance)
    this.#note(`${row.name} is broken`)
    this.#site.brokenGuests.add(row.id)
  }

  /** The guest is repaired: it starts again when it is told to. */
  mendGuest(instance: string): void {
    const row = this.#rows.get(instance)
    this.#note(`${row.name} is repaired`)
    this.#site.brokenGuests.delete(row.id)
  }

  /** Its user stops an instance. False when Nova refuses. */
  stopGuest(instance: string): boolean {
    const row = this.#rows.get(instance)
    if (row.vmState !== 'active' || row.taskState !== null) return false
    this.#note(`${row.name} is stopped by its user`)
    if (!this.#end(row, 'stopped-shutdown')) return true
    this.noteUserStop(row)
    this.#rows.expectedStates.change(row.id, STOPPED)
    return true
  }

  /** Its user starts an instance. False when Nova refuses. */
  startGuest(instance: string): boolean {
    const row = this.#rows.get(instance)
    const machine = row.host === null ? undefined : this.#site.get(row.host)
    if (row.vmState !== 'stopped' || row.taskState !== null || !machine?.serves) return false
    this.#note(`${row.name} is started by its user`)
    this.#act(row.id, 'start', USER)
    Object.assign(row, ACTIVE)
    this.#rows.expectedStates.change(row.id, ACTIVE)
    this.#site.startCopy(machine, row.id)
    return true
  }

  /** Since when an instance is stopped by its user, wall ms; undefined when it is not. */
  stoppedByUserAt(instance: string): number | undefined {
    const id = this.#rows.seek(instance)?.id
    const actions = id === undefined ? [] : this.#rows.actionsOf(id)
    const started = actions.findIndex(({ action }) => action !== 'stop' && action !== 'evacuate')
    const stops = started === -1 ? actions : actions.slice(0, started)
    return stops.find(({ user }) => user === USER)?.startedAt
  }

  protected noteUserStop({ id }: InstanceRow): void {
    this.#act(id, 'stop', USER)
  }

  /** The emulator ends. True when Nova has noticed it. */
  #end(row: InstanceRow, event: GuestEvent): boolean {
    const machine = row.host === null ? undefined : this.#site.get(row.host)
    if (machine !== undefined) this.#site.endCopy(machine, row.id, event)
    if (machine?.serves !== true) return false
    Object.assign(row, STOPPED)
    return true
  }

  #act(id: InstanceId, action: string, user: string | null): void {
    this.#rows.noteAction(id, { action, user, startedAt: this.#site.clock.wallMs() })
  }

  #note(text: string): void {
    this.#site.ledger.note('switch', text)
  }
}
