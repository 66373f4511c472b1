/** The simulated Compute API: what each request does when it arrives. */
import type {
  ComputeService,
  Evacuation,
  GuestDiagnostics,
  Instance,
  InstanceAction,
  ServerGroup,
} from '../../actors/ports/compute.ts'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Evacuations } from './evacuations.ts'
import type { Machine } from './machine.ts'
import type { Faults } from './faults.ts'
import { hidden, notFound, refused, unavailable } from './nova-errors.ts'
import type { InstanceRow, NovaRows } from './nova-rows.ts'
import { asked, type Restarts } from './restarts.ts'
import type { Site } from './site.ts'

/** How often every guest sends and writes something, ms. */
const GUEST_ACTS_MS = 1000
/** Evacuations that are under way. */
const OPEN: readonly string[] = ['accepted', 'pre-migrating']
const EVACUABLE = ['active', 'stopped', 'error']

/** Answers requests at once. The wire adds latency and faults. */
export class Nova {
  readonly #site: Site
  readonly #rows: NovaRows
  /** The wall clock at the zero of the monotonic clock. */
  readonly #bornAtMs: number
  readonly #evacuations: Evacuations
  readonly #restarts: Restarts
  readonly #faults: Faults

  constructor(parts: {
    readonly site: Site
    readonly rows: NovaRows
    readonly evacuations: Evacuations
    readonly restarts: Restarts
    readonly faults: Faults
  }) {
    this.#site = parts.site
    const { clock } = parts.site
    this.#bornAtMs = clock.wallMs() - clock.monotonicMs()
    this.#rows = parts.rows
    this.#evacuations = parts.evacuations
    this.#restarts = parts.restarts
    this.#faults = parts.faults
  }

  listServices(): readonly ComputeService[] {
    const shown = this.#site.machines.filter(({ name }) => !this.#faults.isHidden(name))
    return shown.map((machine) => this.#serviceOf(machine))
  }

  findService(host: HostName): ComputeService | undefined {
    const machine = this.#site.find(host)
    if (machine === undefined || this.#faults.isHidden(host)) return undefined
    return this.#serviceOf(machine)
  }

  /** The host of a service, for the log. */
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
    if (records.some(({ status, work }) => OPEN.includes(status) || work === 'under-way')) {
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
    machine.setDisabled(false, null, this.#nowMs)
    this.#noteReturn(machine)
  }

  /** When the machine is in service again, its guests count as living on it again. */
  #noteReturn(machine: Machine): void {
    if (machine.serves && !machine.forcedDown && !machine.disabled) machine.trust = 'in-service'
  }

  disable(serviceId: string, reason: string): void {
    const machine = this.#findById(serviceId)
    if (machine === undefined) throw notFound(`service ${serviceId}`)
    machine.setDisabled(true, reason, this.#nowMs)
  }

  isolate(serviceId: string, reason: string | null = ''): void {
    const machine = this.#findById(serviceId)
    if (machine === undefined) throw notFound(`service ${serviceId}`)
    if (!this.#site.isCertainlyDead(machine)) {
      this.#site.ledger.violate(`I2 ${machine.name} is forced down while it may run`)
    }
    if (reason !== null) machine.setDisabled(true, reason, this.#nowMs)
    machine.forcedDown = true
  }

  listInstances(host: HostName): readonly Instance[] {
    if (this.findService(host) === undefined) throw hidden(host)
    return this.#rows.onHost(host).map((row) => ({ ...row }))
  }

  listServerGroups(): readonly ServerGroup[] {
    return this.#rows.groups
  }

  listProjectInstances(project: string): readonly Instance[] {
    const shown = this.#rows.ofProject(project).filter((row) => !this.#faults.isHidden(row.host))
    return shown.map((row) => ({ ...row }))
  }

  getInstance(id: InstanceId): Instance | undefined {
    const row = this.#rows.instances.get(id)
    if (row === undefined) return undefined
    if (this.#faults.isHidden(row.host)) throw hidden(row.host ?? '')
    return { ...row }
  }

  evacuate(id: InstanceId, target: HostName | undefined): void {
    const row = this.#rows.find(id)
    if (this.#faults.isHidden(row.host)) throw hidden(row.host ?? '')
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
    this.#rows.noteAction(id, asked('evacuate', this.#site.clock.wallMs()))
    this.#evacuations.begin(row, source.name, target)
  }

  /**
   * Like Nova, this accepts a second evacuation of an instance that is being evacuated. The ledger
   * records it as a violation.
   */
  #checkState(row: InstanceRow): void {
    if (!EVACUABLE.includes(row.vmState)) throw refused(`${row.name} is ${row.vmState}`)
    if (!this.#rows.isOnItsWay(row, (host) => this.#site.find(host)?.boot)) {
      if (row.taskState === null) return
      throw refused(`${row.name} is ${row.taskState}`)
    }
    this.#site.ledger.count('evacuation.second')
    this.#site.ledger.violate(`I3 two evacuations of ${row.name} in flight`)
  }

  listEvacuations(source: HostName, sinceMs: number): readonly Evacuation[] {
    const fromMs = Math.floor(sinceMs / 1000) * 1000 // Nova keeps seconds
    if (this.#faults.isHidden(source)) return []
    return this.#rows
      .evacuationsFrom(source)
      .filter((record) => record.createdAt >= fromMs)
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

  /** A guest that hangs neither sends nor writes. */
  readDiagnostics(id: InstanceId): GuestDiagnostics {
    const row = this.#rows.find(id)
    const machine = row.host === null ? undefined : this.#site.find(row.host)
    if (machine?.serves !== true) throw unavailable(`the host of ${row.name} does not answer`)
    if (!machine.copies.has(id)) throw refused(`${row.name} does not run`)
    const done = this.#site.hungGuests.has(id) ? 0 : Math.floor(this.#nowMs / GUEST_ACTS_MS)
    return { state: 'running', packetsSent: done, writesDone: done }
  }

  listActions(id: InstanceId): readonly InstanceAction[] {
    this.#rows.find(id)
    return this.#rows.actionsOf(id)
  }

  hardReboot(id: InstanceId): void {
    this.#restarts.hardReboot(this.#rows.find(id))
  }

  start(id: InstanceId): void {
    this.#restarts.start(this.#rows.find(id))
  }

  rebuild(id: InstanceId): void {
    this.#restarts.rebuild(this.#rows.find(id))
  }

  get #nowMs(): number {
    return this.#site.clock.monotonicMs()
  }

  #findById(serviceId: string): Machine | undefined {
    return this.#site.machines.find((machine) => machine.serviceId === serviceId)
  }

  #serviceOf(machine: Machine): ComputeService {
    return {
      id: machine.serviceId,
      host: machine.name,
      up: machine.isUpForNova(this.#nowMs),
      disabled: machine.disabled,
      disabledReason: machine.disabledReason,
      forcedDown: machine.forcedDown,
      zone: machine.zone,
      writtenAt: Math.round(this.#bornAtMs + machine.writtenAtMs(this.#nowMs)),
      writtenAgoMs: this.#nowMs - machine.writtenAtMs(this.#nowMs),
    }
  }
}
