/** What the simulated Nova does when we, or its owner, stop, pause, lock or reset an instance. */
import type { CodedError } from '../../schema/errors.ts'
import type { InstanceId } from '../../schema/ids.ts'
import { USER } from './guest-switches.ts'
import type { Machine } from './machine.ts'
import type { Faults } from './faults.ts'
import { refused } from './nova-errors.ts'
import type { InstanceRow, NovaRows } from './nova-rows.ts'
import type { Site } from './site.ts'

/** The time from an order to its outcome, ms. */
const ORDER_MS = 1500

/** During these tasks, the place of the instance or of its disk is unknown. */
const BETWEEN_HOSTS = ['migrating', 'resize_migrating', 'resize_reverting']

/** An order that a nova-compute carries out. */
interface Order {
  readonly task: string
  /** The states in which Nova accepts it. */
  readonly from: readonly string[]
  readonly end: Pick<InstanceRow, 'vmState' | 'powerState'>
}

const STOP: Order = {
  task: 'powering-off',
  from: ['active', 'error'],
  end: { vmState: 'stopped', powerState: 4 },
}
const PAUSE: Order = {
  task: 'pausing',
  from: ['active'],
  end: { vmState: 'paused', powerState: 3 },
}

const START: Order = {
  task: 'powering-on',
  from: ['stopped'],
  end: { vmState: 'active', powerState: 1 },
}
/** A resize to another flavour on the same host. Nova then waits for the owner's confirmation. */
const RESIZE: Order = {
  task: 'resize_prep',
  from: ['active'],
  end: { vmState: 'resized', powerState: 1 },
}

const OWNERS_ORDERS = { stop: STOP, start: START, pause: PAUSE, resize: RESIZE } as const

export type OwnersAction = keyof typeof OWNERS_ORDERS | 'delete' | 'lock' | 'unlock'

type Orderer = 'owner' | 'us'

/**
 * Actions on single instances, answered at once. An owner is refused while the instance is locked.
 */
export class InstanceActions {
  readonly #site: Site
  readonly #rows: NovaRows
  /** Instances locked by an administrator (one of us). Their owner cannot unlock them. */
  readonly #keptByUs = new Map<InstanceId, string>()
  readonly #faults: Faults

  constructor(site: Site, rows: NovaRows, faults: Faults) {
    this.#site = site
    this.#rows = rows
    this.#faults = faults
  }

  stop(id: InstanceId): void {
    const row = this.#rows.find(id)
    if (this.#faults.nova.stopsRefused === 'yes') {
      throw refused(`${row.name} cannot be stopped: its host does not take the order`)
    }
    this.#order(row, STOP, 'us')
  }

  pause(id: InstanceId): void {
    this.#order(this.#rows.find(id), PAUSE, 'us')
  }

  callBroken(id: InstanceId): void {
    const row = this.#rows.find(id)
    if (BETWEEN_HOSTS.includes(row.taskState ?? '')) {
      this.#site.ledger.violate(`I9 ${row.name} is called broken while it is ${row.taskState}`)
    }
    row.vmState = 'error'
    row.taskState = null
  }

  callActive(id: InstanceId): void {
    const row = this.#rows.find(id)
    if (row.taskState !== null) {
      this.#site.ledger.violate(`I3 ${row.name} is called active while it is ${row.taskState}`)
    }
    row.vmState = 'active'
    row.taskState = null
  }

  lock(id: InstanceId, reason: string): void {
    this.#rows.find(id).locked = true
    this.#keptByUs.set(id, reason)
  }

  readLock(id: InstanceId): string | null | undefined {
    const row = this.#rows.instances.get(id)
    return row?.locked === true ? (this.#keptByUs.get(id) ?? null) : undefined
  }

  unlock(id: InstanceId): void {
    this.#rows.find(id).locked = false
    this.#keptByUs.delete(id)
  }

  explainFailure(id: InstanceId): string | undefined {
    return this.#rows.failures.get(id)
  }

  /** An action of the owner. undefined when Nova accepted it; otherwise Nova's refusal. */
  byOwner(row: InstanceRow, what: OwnersAction): CodedError | undefined {
    const isHis = row.locked && !this.#keptByUs.has(row.id)
    if (row.locked && !(what === 'unlock' && isHis)) return refused(`${row.name} is locked`)
    if (what === 'lock' || what === 'unlock') {
      row.locked = what === 'lock'
      this.#rows.expectedStates.change(row.id, { locked: row.locked })
      return undefined
    }
    if (what === 'delete') {
      this.#delete(row)
      return undefined
    }
    const order = OWNERS_ORDERS[what]
    if (!isTaken(row, order)) return refused(`${row.name} is ${stateOf(row)}`)
    const startedAt = this.#site.clock.wallMs()
    this.#rows.noteAction(row.id, { action: what, user: USER, startedAt })
    this.#order(row, order, 'owner')
    return undefined
  }

  /** Nova deletes at once, also when the host cannot be reached. */
  #delete(row: InstanceRow): void {
    const machine = row.host === null ? undefined : this.#site.find(row.host)
    if (machine !== undefined) this.#site.endCopy(machine, row.id, 'stopped-destroyed')
    machine?.release(row.needs)
    this.#rows.remove(row)
  }

  /** Without a nova-compute on the host, the task is never finished, as in Nova. */
  #order(row: InstanceRow, order: Order, by: Orderer): void {
    if (!isTaken(row, order)) throw refused(`${row.name} is ${stateOf(row)}`)
    row.taskState = order.task
    const machine = row.host === null ? undefined : this.#site.find(row.host)
    this.#site.clock.schedule(ORDER_MS, () => this.#carryOut(row, machine, order, by))
  }

  #carryOut(
    row: InstanceRow,
    machine: Machine | undefined,
    { task, end }: Order,
    by: Orderer,
  ): void {
    if (machine === undefined || !machine.serves || row.taskState !== task) return
    Object.assign(row, end, { taskState: null })
    if (by === 'owner') this.#rows.expectedStates.change(row.id, { ...end, taskState: null })
    if (end.vmState === 'stopped') this.#site.endCopy(machine, row.id, 'stopped-shutdown')
    if (end.vmState === 'active') this.#site.startCopy(machine, row.id)
    this.#site.ledger.note('world', `${row.name} is ${end.vmState} on ${machine.name}`)
  }
}

const isTaken = ({ vmState, taskState }: InstanceRow, { from }: Order): boolean =>
  from.includes(vmState) && taskState === null

const stateOf = ({ vmState, taskState }: InstanceRow): string =>
  `${vmState} (${taskState ?? 'no task'})`
