/** The switches of the simulated world: what breaks, what is mended, and what operators do. */
import { hostName } from '../../schema/ids.ts'
import { CALM, type Faults, type NovaMood, type RangeMs, type Wire } from './faults.ts'
import { InstanceSwitches, type InstanceParts } from './instance-switches.ts'
import {
  drawHostKey,
  type BmcMood,
  type Machine,
  type ProgramMood,
  type SshdMood,
} from './machine.ts'
import type { NovaRows } from './nova-rows.ts'
import type { SeededRandom } from './random.ts'
import type { Site } from './site.ts'

/** Every method is a switch. Names are texts, so that a scenario's steps can be written down; a wrong one throws RangeError. */
export class CloudSwitches extends InstanceSwitches {
  readonly #site: Site
  readonly #rows: NovaRows
  readonly #faults: Faults
  readonly #random: SeededRandom

  constructor(parts: InstanceParts & { readonly faults: Faults }) {
    super(parts)
    this.#site = parts.site
    this.#rows = parts.rows
    this.#faults = parts.faults
    this.#random = parts.random
  }

  /** What is well and only read answers at once from now on. */
  readAtOnce(): void {
    this.#faults.readsTakeTime = 'no'
  }

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

  /** The switched power outlet of the machine, which a fence agent reaches. */
  setOutlet(host: string, mood: ProgramMood): void {
    this.#switch(host, `has an outlet that is ${mood}`).outlet = mood
  }

  /** The command that cuts the machine off from its storage. */
  setBlocklist(host: string, mood: ProgramMood): void {
    this.#switch(host, `has a blocklist command that is ${mood}`).blocklist = mood
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

  /** A segment's written consent to do without a confirmed power-off. */
  consent(segment: string): void {
    this.#note(`${segment} consents to evacuation without a fence`)
    this.#site.consent(segment)
  }

  setZone(host: string, zone: string): void {
    this.#switch(host, `is in zone ${zone}`).zone = zone
  }

  /** Only these hosts have what a flavour asks for. */
  offer(request: string, hosts: readonly string[]): void {
    this.#note(`${hosts.join(', ')} can give ${request}`)
    this.#faults.offer(request, hosts.map(hostName))
  }

  /** The cell database of these hosts is down from now on, and that of no others. */
  hideCell(hosts: readonly string[]): void {
    this.#note(`Nova hides ${hosts.join(', ') || 'nothing'}`)
    this.#faults.hideHosts(hosts)
  }

  /** Nova's scheduler accepts these hosts for the instance no more, and all others. */
  filterHosts(instance: string, hosts: readonly string[]): void {
    this.#note(`Nova's scheduler does not accept ${hosts.join(', ') || 'no host'} for ${instance}`)
    this.#faults.filter(instance, hosts)
  }

  /** Whether a hidden filter of Nova's scheduler lets the instance onto the host. */
  accepts(instance: string, host: string): boolean {
    return this.#faults.accepts(instance, host)
  }

  /** Placement has no provider for the host any more. */
  forgetProvider(host: string): void {
    this.#switch(host, 'is unknown to Placement').isKnownToPlacement = false
  }

  /** An operator keeps Nova's scheduler away from a host. */
  disableHost(host: string): void {
    const machine = this.#switch(host, 'is disabled')
    machine.setDisabled(true, null, this.#site.clock.monotonicMs())
  }

  /** An operator lets a host back: enabled, not forced down. False when Nova refuses: its evacuations are not closed. */
  admitHost(host: string): boolean {
    const machine = this.#switch(host, 'is let back in')
    const isOpen = this.#rows.evacuationsFrom(machine.name).some(({ status }) => status === 'done')
    if (machine.forcedDown && isOpen) return false
    machine.forcedDown = false
    machine.setDisabled(false, null, this.#site.clock.monotonicMs())
    if (machine.serves) machine.trust = 'in-service'
    return true
  }

  #wires(): readonly Wire[] {
    const hosts = this.#site.machines.map((machine) => machine.name)
    return ['compute', ...hosts.flatMap((host): Wire[] => [`ssh:${host}`, `bmc:${host}`])]
  }

  #switch(host: string, what: string): Machine {
    this.#note(`${host} ${what}`)
    return this.#site.get(host)
  }

  #note(text: string): void {
    this.#site.ledger.note('switch', text)
  }
}
