/** The simulated Compute API: what each request does at the moment when it arrives. */
import type { ComputeService, Evacuation, Instance } from '../../actors/ports/compute.ts'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import { ACTIVE, type Evacuations } from './evacuations.ts'
import type { Machine } from './machine.ts'
import { notFound, refused } from './nova-errors.ts'
import type { InstanceRow, NovaRows } from './nova-rows.ts'
import type { Site } from './site.ts'

/** From a reboot or start to the running guest. */
const GUEST_START_MS = 3000
/** Evacuations on their way. */
const OPEN: readonly string[] = ['accepted', 'pre-migrating']
const EVACUABLE = ['active', 'stopped', 'error']

/** Answers requests at once; latency and faults are the wire's business. */
export class Nova {
  readonly #site: Site
  readonly #rows: NovaRows
  readonly #evacuations: Evacuations

  constructor(parts: {
    readonly site: Site
    readonly rows: NovaRows
    readonly evacuations: Evacuations
  }) {
    this.#site = parts.site
    this.#rows = parts.rows
    this.#evacuations = parts.evacuations
  }

  listServices(): readonly ComputeService[] {
    return this.#site.machines.map((machine) => this.#serviceOf(machine))
  }

  findService(host: HostName): ComputeService | undefined {
    const machine = this.#site.find(host)
    return machine === undefined ? undefined : this.#serviceOf(machine)
  }

  /** For the log: whose service it is. */
  hostOf(serviceId: string): string {
    return this.#findById(serviceId)?.name ?? serviceId
  }

  clearForcedDown(serviceId: string): void {
    const machine = this.#findById(serviceId)
    if (machine === undefined) throw notFound(`service ${serviceId}`)
    const records = this.#rows.evacuationsFrom(machine.name)
    if (records.some(({ status }) => status === 'done')) {
      throw refused(`${machine.name} has evacuations that its nova-compute has not closed`)
    }
    if (records.some(({ status }) => OPEN.includes(status))) {
      this.#site.ledger.violate(`I10 ${machine.name} is let back while it is evacuated`)
    }
    machine.forcedDown = false
    this.#noteReturn(machine)
  }

  enable(serviceId: string): void {
    const machine = this.#findById(serviceId)
    if (machine === undefined) throw notFound(`service ${serviceId}`)
    if (machine.forcedDown) {
      this.#site.ledger.violate(`I10 ${machine.name} is enabled while it is forced down`)
    }
    machine.disabled = false
    this.#noteReturn(machine)
  }

  /** From here on its guests count as living on it again. */
  #noteReturn(machine: Machine): void {
    if (machine.serves && !machine.forcedDown && !machine.disabled) machine.standing = 'in-service'
  }

  isolate(serviceId: string, reason: string | null = ''): void {
    const machine = this.#findById(serviceId)
    if (machine === undefined) throw notFound(`service ${serviceId}`)
    if (!this.#site.isCertainlyDead(machine)) {
      this.#site.ledger.violate(`I2 ${machine.name} is forced down while it may run`)
    }
    if (reason !== null) machine.disabled = true
    machine.forcedDown = true
  }

  listInstances(host: HostName): readonly Instance[] {
    return this.#rows.onHost(host).map((row) => ({ ...row }))
  }

  getInstance(id: InstanceId): Instance | undefined {
    const row = this.#rows.instances.get(id)
    return row === undefined ? undefined : { ...row }
  }

  evacuate(id: InstanceId, target: HostName | undefined): void {
    const row = this.#rows.find(id)
    const source = row.host === null ? undefined : this.#site.find(row.host)
    if (source === undefined) throw refused(`${row.name} is on no host`)
    if (!this.#site.isCertainlyDead(source)) {
      this.#site.ledger.violate(`I2 evacuation of ${row.name} while ${source.name} may run`)
    }
    if (source.isUpForNova(this.#site.clock.monotonicMs())) {
      throw refused(`compute service of ${source.name} is still in use`)
    }
    if (target !== undefined && this.#site.find(target) === undefined) {
      throw refused(`compute host ${target} could not be found`)
    }
    if (target === source.name) throw refused(`${row.name} is already on ${target}`)
    this.#checkState(row)
    this.#evacuations.begin(row, source.name, target)
  }

  /** Like Nova, this takes a second evacuation of an instance that is being evacuated; the ledger does not forgive it. */
  #checkState(row: InstanceRow): void {
    if (!EVACUABLE.includes(row.vmState)) throw refused(`${row.name} is ${row.vmState}`)
    if (!this.#rows.isOnItsWay(row, (host) => this.#site.find(host)?.boot)) {
      if (row.taskState === null || row.taskState.startsWith('rebuild')) return
      throw refused(`${row.name} is ${row.taskState}`)
    }
    this.#site.ledger.count('evacuation.second')
    this.#site.ledger.violate(`I3 two evacuations of ${row.name} in flight`)
  }

  listEvacuations(source: HostName, sinceMs: number): readonly Evacuation[] {
    const fromMs = Math.floor(sinceMs / 1000) * 1000 // Nova keeps seconds
    return this.#rows
      .evacuationsFrom(source)
      .filter((record) => record.updatedAt >= fromMs)
      .map(({ id, instance, status, source, dest, createdAt }) => ({
        id,
        instance,
        status,
        source,
        dest,
        createdAt,
      }))
      .toReversed()
  }

  hardReboot(id: InstanceId): void {
    const row = this.#rows.find(id)
    if (row.taskState !== null) throw refused(`${row.name} is ${row.taskState}`)
    this.#startGuest(row, 'reboot_started_hard')
  }

  start(id: InstanceId): void {
    const row = this.#rows.find(id)
    if (row.vmState !== 'stopped' || row.taskState !== null) {
      throw refused(`${row.name} is ${row.vmState} (${row.taskState ?? 'no task'}), not stopped`)
    }
    this.#startGuest(row, 'powering-on')
  }

  /** Without a nova-compute on the host the task is never finished, as in Nova. */
  #startGuest(row: InstanceRow, taskState: string): void {
    row.taskState = taskState
    const machine = row.host === null ? undefined : this.#site.find(row.host)
    this.#site.clock.schedule(GUEST_START_MS, () => {
      if (machine === undefined || !machine.serves || row.taskState !== taskState) return
      Object.assign(row, ACTIVE)
      this.#site.ledger.note('world', `${row.name} starts on ${machine.name}`)
      this.#site.startCopy(machine, row.id)
    })
  }

  #findById(serviceId: string): Machine | undefined {
    return this.#site.machines.find((machine) => machine.serviceId === serviceId)
  }

  #serviceOf(machine: Machine): ComputeService {
    return {
      id: machine.serviceId,
      host: machine.name,
      up: machine.isUpForNova(this.#site.clock.monotonicMs()),
      disabled: machine.disabled,
      forcedDown: machine.forcedDown,
    }
  }
}
