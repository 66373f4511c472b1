/** The simulated world: a twin of Nova, its machines, and the truth about both. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { ComputePort, InstanceAction } from '../../actors/ports/compute.ts'
import type { FenceAgentPort } from '../../actors/ports/fence-agent.ts'
import type { GuestPort } from '../../actors/ports/guest.ts'
import type { HostHealthPort } from '../../actors/ports/host-health.ts'
import type { PlacementPort } from '../../actors/ports/placement.ts'
import type { PolledPowerPort } from '../../actors/ports/power.ts'
import type { AnchorPort } from '../../actors/ports/anchors.ts'
import type { ShellPort } from '../../actors/ports/shell.ts'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import { Aggregates } from './aggregates.ts'
import { CallChance } from './call-chance.ts'
import { simulatedAnchors } from './anchors.ts'
import { simulatedCompute, type Services } from './compute.ts'
import { Evacuations } from './evacuations.ts'
import { Faults } from './faults.ts'
import { SimulatedFenceAgents } from './fence-agent.ts'
import { SimulatedGuests } from './guest.ts'
import { simulatedHostHealth } from './host-health.ts'
import { InstanceActions } from './instance-actions.ts'
import { Ledger, type LogEntry } from './ledger.ts'
import type { Machine } from './machine.ts'
import { NovaRows, type InstanceRow } from './nova-rows.ts'
import { NovaWire } from './nova-wire.ts'
import { Nova } from './nova.ts'
import { simulatedPlacement } from './placement.ts'
import { PowerSync } from './power-sync.ts'
import { SimulatedPower } from './power.ts'
import { Restarts } from './restarts.ts'
import { draw, type SeededRandom } from './random.ts'
import { SimulatedShell } from './shell.ts'
import { Site } from './site.ts'
import { CloudSwitches } from './switches.ts'

/** From the start of an emulator to the agent of its guest, ms. */
const GUEST_BOOT_MS = [4000, 15_000] as const

/** The simulated world as one process of ours reaches it. */
export interface CloudView {
  readonly compute: ComputePort
  readonly placement: PlacementPort
  readonly power: PolledPowerPort
  readonly fenceAgent: FenceAgentPort
  readonly shell: ShellPort
  readonly anchors: AnchorPort
}

/** The simulated world, the truth about it, and the ports of processes. */
export class SimulatedCloud extends CloudSwitches {
  readonly #site: Site
  readonly #rows: NovaRows
  readonly #services: Services
  readonly #faults: Faults
  readonly #random: SeededRandom
  readonly #views = new Map<string, CloudView>()

  constructor(options: {
    readonly clock: ClockPort
    readonly random: SeededRandom
    readonly machines: readonly Machine[]
    readonly instances: readonly InstanceRow[]
    /** Instances whose guests have no agent. */
    readonly agentless: ReadonlySet<InstanceId>
    /** Whether Nova has an aggregate for each rack. */
    readonly racks: 'named' | 'hidden'
  }) {
    const { clock, random, machines, agentless } = options
    const rows = new NovaRows(options.instances)
    const ledger = new Ledger(clock)
    const nameOf = (id: InstanceId): string => rows.nameOf(id)
    const bootMsOf = (id: InstanceId): number => draw(random.fork(`boot of ${id}`), GUEST_BOOT_MS)
    const site = new Site({ clock, ledger, machines, nameOf, bootMsOf, agentless })
    const faults = new Faults()
    const actions = new InstanceActions(site, rows, faults)
    super({ site, rows, actions, faults, random })
    const evacuations = new Evacuations({
      site,
      rows,
      faults,
      chance: new CallChance(random.fork('nova')),
    })
    const restarts = new Restarts({ site, rows })
    const powerSync = new PowerSync({ site, rows, faults })
    site.onComputeStart = (machine) => {
      evacuations.cleanUp(machine)
      restarts.resume(machine)
      powerSync.begin(machine)
    }
    this.#site = site
    this.#rows = rows
    const nova = new Nova({ site, rows, evacuations, restarts, faults })
    this.#services = { nova, actions, rows, aggregates: new Aggregates(site, options.racks) }
    this.#faults = faults
    this.#random = random
    for (const row of options.instances) this.#place(row)
  }

  get violations(): readonly string[] {
    return this.#site.ledger.violations
  }

  get log(): readonly LogEntry[] {
    return this.#site.ledger.log
  }

  get counters(): ReadonlyMap<string, number> {
    return this.#site.ledger.counters
  }

  /** Calls back after each change of this machine, until the end. */
  whenChanged(host: HostName, changed: () => void): void {
    this.#site.onChange.set(host, changed)
  }

  /** Machines on which the instance (id or name) really runs now. */
  copiesOf(instance: string): readonly HostName[] {
    return this.#site.copiesOf(this.#rows.get(instance).id)
  }

  /** Whether the guest of an instance runs on that machine, and has booted. */
  hasBooted(instance: string, host: string): boolean {
    const { copies, booting } = this.#site.get(host)
    const { id } = this.#rows.get(instance)
    return copies.has(id) && !booting.has(id)
  }

  /** True while an evacuation of the instance (by its id) may still start it somewhere. */
  isOnItsWay(instance: string): boolean {
    const row = this.#rows.seek(instance)
    const bootOf = (host: string): number | undefined => this.#site.find(host)?.boot
    return row !== undefined && this.#rows.isOnItsWay(row, bootOf)
  }

  /** Whether the host rebuilds an evacuated instance at present. */
  isRebuildingAt(host: string): boolean {
    return this.#rows.isRebuildingAt(host)
  }

  /** All instances as Nova shows them, in the order of their creation. */
  get instances(): readonly Readonly<InstanceRow>[] {
    return [...this.#rows.instances.values()]
  }

  /** How often Nova's scheduler accepted no host, or not the named one, for the instance. */
  refusalsOf(id: InstanceId): number {
    return this.#rows.refusals.get(id) ?? 0
  }

  /** The actions on an instance, newest first. */
  actionsOf(id: InstanceId): readonly InstanceAction[] {
    return this.#rows.actionsOf(id)
  }

  /** Names of the hosts in each aggregate, by the aggregate's name. */
  get aggregates(): ReadonlyMap<string, readonly HostName[]> {
    return new Map(this.#services.aggregates.list().map(({ name, hosts }) => [name, hosts]))
  }

  machine(host: string): Readonly<Machine> {
    return this.#site.get(host)
  }

  /** Whether a process of ours reaches the sshd of a host. */
  hasWayTo(node: string, host: string): boolean {
    return !this.#faults.isCut(node, `ssh:${host}`)
  }

  /** The ports of one process of ours; the same object for the same name. */
  viewFor(node: string): CloudView {
    const known = this.#views.get(node)
    if (known !== undefined) return known
    const parts = { site: this.#site, faults: this.#faults, node, rows: this.#rows }
    const chance = (channel: string): CallChance =>
      new CallChance(this.#random.fork(`${channel} of ${node}`))
    const wire = new NovaWire({ ...parts, chance: chance('compute') })
    const placementWire = new NovaWire({ ...parts, chance: chance('placement') })
    const view: CloudView = {
      compute: simulatedCompute(this.#services, wire),
      placement: simulatedPlacement(parts, placementWire),
      power: new SimulatedPower({ ...parts, chance: chance('power') }),
      fenceAgent: new SimulatedFenceAgents({ ...parts, chance: chance('fence-agent') }),
      shell: new SimulatedShell({ ...parts, chance: chance('shell') }),
      anchors: simulatedAnchors(this.#faults, node),
    }
    this.#views.set(node, view)
    return view
  }

  /** The hosts in a rack. */
  hostsInRack(rack: string): readonly HostName[] {
    return this.#site.machines.filter((machine) => machine.rack === rack).map(({ name }) => name)
  }

  guest(host: string): GuestPort {
    return new SimulatedGuests(this.#site, this.#site.get(host))
  }

  hostHealth(host: string): HostHealthPort {
    return simulatedHostHealth(this.#site, this.#site.get(host))
  }

  #place(row: InstanceRow): void {
    if (row.host === null) return
    if (row.vmState === 'stopped') this.noteUserStop(row)
    const machine = this.#site.get(row.host)
    machine.take(row.needs)
    if (row.vmState === 'active') machine.copies.add(row.id)
  }
}
