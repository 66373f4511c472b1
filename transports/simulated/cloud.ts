/** The simulated world: a Nova twin and its machines, the switches that break and mend them, and the truth about it all. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { GuestPort } from '../../actors/ports/guest.ts'
import type { PowerPort } from '../../actors/ports/power.ts'
import type { ShellPort } from '../../actors/ports/shell.ts'
import type { HostName } from '../../schema/ids.ts'
import { simulatedCompute } from './compute.ts'
import { Evacuations, STOPPED } from './evacuations.ts'
import { CALM, Faults, type NovaMood, type RangeMs, type Wire } from './faults.ts'
import { SimulatedGuests } from './guest.ts'
import { Ledger, type LogEntry } from './ledger.ts'
import { drawHostKey, type BmcMood, type Machine, type SshdMood } from './machine.ts'
import { NovaRows, type InstanceRow } from './nova-rows.ts'
import { NovaWire } from './nova-wire.ts'
import { Nova } from './nova.ts'
import { SimulatedPower } from './power.ts'
import type { SeededRandom } from './random.ts'
import { SimulatedShell } from './shell.ts'
import { Site } from './site.ts'

/** The world as one process of ours reaches it. */
export interface CloudView {
  readonly compute: ComputePort
  readonly power: PowerPort
  readonly shell: ShellPort
}

/** Switches take names as texts, so that the steps of a scenario can be written down; a wrong name throws RangeError. */
export class SimulatedCloud {
  readonly #site: Site
  readonly #rows: NovaRows
  readonly #nova: Nova
  readonly #evacuations: Evacuations
  readonly #faults = new Faults()
  readonly #random: SeededRandom
  readonly #views = new Map<string, CloudView>()

  constructor(options: {
    readonly clock: ClockPort
    readonly random: SeededRandom
    readonly machines: readonly Machine[]
    readonly instances: readonly InstanceRow[]
  }) {
    const { clock, random, machines } = options
    const rows = new NovaRows(options.instances)
    const site = new Site({
      clock,
      ledger: new Ledger(clock),
      machines,
      nameOf: (id) => rows.nameOf(id),
    })
    this.#random = random
    this.#rows = rows
    this.#site = site
    const faults = this.#faults
    const evacuations = new Evacuations({ site, rows, faults, random: random.fork('nova') })
    this.#evacuations = evacuations
    this.#nova = new Nova({ site, rows, evacuations })
    for (const row of rows.instances.values()) this.#place(row)
    site.onComputeStart = (machine) => this.#evacuations.cleanUp(machine)
  }

  // The truth

  get violations(): readonly string[] {
    return this.#site.ledger.violations
  }

  get log(): readonly LogEntry[] {
    return this.#site.ledger.log
  }

  get counters(): ReadonlyMap<string, number> {
    return this.#site.ledger.counters
  }

  /** Machines on which the instance (id or name) really runs now. */
  copiesOf(instance: string): readonly HostName[] {
    return this.#site.copiesOf(this.#instance(instance).id)
  }

  /** What Nova believes about all instances, in the order of their creation. */
  get instances(): readonly Readonly<InstanceRow>[] {
    return [...this.#rows.instances.values()]
  }

  machine(host: string): Readonly<Machine> {
    return this.#machine(host)
  }

  // The ports

  /** The ports of one process of ours; the same object for the same name. */
  viewFor(node: string): CloudView {
    const known = this.#views.get(node)
    if (known !== undefined) return known
    const parts = { site: this.#site, faults: this.#faults, node }
    const chance = (channel: string): SeededRandom => this.#random.fork(`${channel} of ${node}`)
    const wire = new NovaWire({ ...parts, random: chance('compute') })
    const view: CloudView = {
      compute: simulatedCompute(this.#nova, this.#rows, wire),
      power: new SimulatedPower({ ...parts, random: chance('power') }),
      shell: new SimulatedShell({ ...parts, random: chance('shell') }),
    }
    this.#views.set(node, view)
    return view
  }

  guest(host: string): GuestPort {
    return new SimulatedGuests(this.#site, this.#machine(host))
  }

  // Switches: machines

  /** The machine loses power; its BMC goes on answering. */
  crashHost(host: string): void {
    this.#site.cutPower(this.#switch(host, 'crashes'))
  }

  /** Machine and BMC lose power together. */
  unplugHost(host: string): void {
    const machine = this.#switch(host, 'is unplugged')
    machine.bmc = 'silent'
    this.#site.cutPower(machine)
  }

  /** Power is lost and comes back at once, as after a kernel panic. */
  rebootHost(host: string): void {
    const machine = this.#switch(host, 'reboots')
    this.#site.cutPower(machine)
    this.#site.powerOn(machine)
  }

  /** An operator powers the machine on; nova-compute follows in less than a minute. */
  powerOnHost(host: string): void {
    this.#site.powerOn(this.#switch(host, 'is powered on'))
  }

  hangHost(host: string): void {
    this.#site.hang(this.#switch(host, 'hangs'))
  }

  /** A hung machine goes on, and so do the guests on it. */
  thawHost(host: string): void {
    this.#site.thaw(this.#switch(host, 'thaws'))
  }

  killNovaCompute(host: string): void {
    this.#site.stopCompute(this.#switch(host, 'loses nova-compute'))
  }

  startNovaCompute(host: string): void {
    this.#site.startCompute(this.#switch(host, 'starts nova-compute'))
  }

  /** Cuts the host's own network: SSH and heartbeats end, guests run on, the BMC answers. */
  cutHost(host: string): void {
    this.#site.setNetwork(this.#switch(host, 'is cut off'), 'cut')
  }

  mendHost(host: string): void {
    this.#site.setNetwork(this.#switch(host, 'is connected again'), 'up')
  }

  setBmc(host: string, mood: BmcMood): void {
    this.#switch(host, `has a BMC that is ${mood}`).bmc = mood
  }

  changeBmcPassword(host: string, password: string): void {
    this.#switch(host, 'has another BMC password').bmcPassword = password
  }

  setSshd(host: string, mood: SshdMood): void {
    this.#switch(host, `has an sshd that is ${mood}`).sshd = mood
  }

  /** The host has another SSH key from now on. */
  reinstallHost(host: string): void {
    const machine = this.#switch(host, 'is reinstalled')
    machine.hostKey = drawHostKey(this.#random.fork(`key after ${machine.hostKey}`))
  }

  /** How long machines take to lose power after their BMC has accepted the order. */
  setPowerOffDelay(rangeMs: RangeMs): void {
    this.#note(`power-off takes ${rangeMs.join(' to ')} ms`)
    this.#faults.powerOffMs = rangeMs
  }

  // Switches: wires between our processes and the world

  cutWire(node: string, wire: Wire): void {
    this.#note(`${node} loses ${wire}`)
    this.#faults.cut(node, wire)
  }

  mendWire(node: string, wire: Wire): void {
    this.#note(`${node} has ${wire} again`)
    this.#faults.mend(node, wire)
  }

  /** Cuts a process off from Nova and from SSH and BMC of every host. */
  isolateNode(node: string): void {
    this.#note(`${node} is isolated`)
    for (const wire of this.#wires()) this.#faults.cut(node, wire)
  }

  reconnectNode(node: string): void {
    this.#note(`${node} is reconnected`)
    for (const wire of this.#wires()) this.#faults.mend(node, wire)
  }

  // Switches: Nova, guests and operators

  /** Changes some of Nova's ways, and leaves the others. */
  setNova(mood: Partial<NovaMood>): void {
    this.#note(`Nova changes: ${JSON.stringify(mood)}`)
    this.#faults.nova = { ...this.#faults.nova, ...mood }
  }

  /** Nova is well again in every respect. */
  calmNova(): void {
    this.#note('Nova is calm')
    this.#faults.nova = CALM
  }

  /** The emulator dies; nova-compute sees it and calls the instance stopped. */
  killGuest(instance: string): void {
    const row = this.#instance(instance)
    this.#note(`${row.name} dies`)
    const machine = row.host === null ? undefined : this.#machine(row.host)
    machine?.copies.delete(row.id)
    if (machine?.serves === true) Object.assign(row, STOPPED)
  }

  /** The guest runs and answers nothing, until it is rebooted. */
  hangGuest(instance: string): void {
    const row = this.#instance(instance)
    this.#note(`${row.name} hangs`)
    this.#site.hungGuests.add(row.id)
  }

  /** A segment's written consent to do without a confirmed power-off. */
  consent(segment: string): void {
    this.#note(`${segment} consents to evacuation without a fence`)
    this.#site.consent(segment)
  }

  /** An operator keeps Nova's scheduler away from a host. */
  disableHost(host: string): void {
    this.#switch(host, 'is disabled').disabled = true
  }

  /** An operator lets a host back: enabled, not forced down. False when Nova refuses: its evacuations are not closed. */
  admitHost(host: string): boolean {
    const machine = this.#switch(host, 'is let back in')
    const isOpen = this.#rows.evacuationsFrom(machine.name).some(({ status }) => status === 'done')
    if (machine.forcedDown && isOpen) return false
    machine.forcedDown = false
    machine.disabled = false
    if (machine.serves) machine.standing = 'in-service'
    return true
  }

  #place(row: InstanceRow): void {
    if (row.host === null) return
    const machine = this.#machine(row.host)
    machine.occupied += 1
    if (row.vmState === 'active') machine.copies.add(row.id)
  }

  #wires(): readonly Wire[] {
    const hosts = this.#site.machines.map((machine) => machine.name)
    return ['compute', ...hosts.flatMap((host): Wire[] => [`ssh:${host}`, `bmc:${host}`])]
  }

  #switch(host: string, what: string): Machine {
    this.#note(`${host} ${what}`)
    return this.#machine(host)
  }

  #note(text: string): void {
    this.#site.ledger.note('switch', text)
  }

  #machine(host: string): Machine {
    const machine = this.#site.find(host)
    if (machine === undefined) throw new RangeError(`no such host: ${host}`)
    return machine
  }

  #instance(idOrName: string): InstanceRow {
    const row = this.#rows.findInstance(idOrName)
    if (row === undefined) throw new RangeError(`no such instance: ${idOrName}`)
    return row
  }
}
