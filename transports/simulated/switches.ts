/** The switches of the simulated world: failures, repairs, and actions of operators. */
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

/**
 * Every method is a switch. Names are texts, so that a scenario's steps can be written down; an
 * unknown one throws RangeError.
 */
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

  /** From now on, reads of a healthy part are answered at once. */
  readAtOnce(): void {
    this.#faults.readsTakeTime = 'no'
  }

  /** The machine loses power. Its BMC still answers. */
  crashHost(host: string): void {
    this.#site.cutPower(this.#switch(host, 'crashes'))
  }

  /** Machine and BMC lose power together. */
  unplugHost(host: string): void {
    const machine = this.#switch(host, 'is unplugged')
    machine.bmc = 'silent'
    this.#site.cutPower(machine)
  }

  /** Power is lost and returns at once, as after a kernel panic. */
  rebootHost(host: string): void {
    const machine = this.#switch(host, 'reboots')
    this.#site.cutPower(machine)
    this.#site.powerOn(machine)
  }

  /** An operator powers the machine on. nova-compute follows in less than a minute. */
  powerOnHost(host: string): void {
    this.#site.powerOn(this.#switch(host, 'is powered on'))
  }

  hangHost(host: string): void {
    this.#site.hang(this.#switch(host, 'hangs'))
  }

  /** A hung machine continues, and so do the guests on it. */
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

  /** Sets the state of the machine's power outlet, which a fence agent switches. */
  setOutlet(host: string, mood: ProgramMood): void {
    this.#switch(host, `has an outlet that is ${mood}`).outlet = mood
  }

  /** Sets the state of the command that cuts the machine off from its storage. */
  setBlocklist(host: string, mood: ProgramMood): void {
    this.#switch(host, `has a blocklist command that is ${mood}`).blocklist = mood
  }

  changeBmcPassword(host: string, password: string): void {
    this.#switch(host, 'has another BMC password').bmcPassword = password
  }

  setSshd(host: string, mood: SshdMood): void {
    this.#switch(host, `has an sshd that is ${mood}`).sshd = mood
  }

  /** From now on, the host has another SSH key. */
  reinstallHost(host: string): void {
    const machine = this.#switch(host, 'is reinstalled')
    machine.hostKey = drawHostKey(this.#random.fork(`key after ${machine.hostKey}`))
  }

  /** Sets how long machines take to lose power after their BMC has accepted the order. */
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

  /** Partitions a process from Nova, and from SSH and BMC of every host. */
  isolateNode(node: string): void {
    this.#note(`${node} is isolated`)
    for (const wire of this.#wires()) this.#faults.cut(node, wire)
  }

  reconnectNode(node: string): void {
    this.#note(`${node} is reconnected`)
    for (const wire of this.#wires()) this.#faults.mend(node, wire)
  }

  /** Changes some faults of Nova, and leaves the others. */
  setNova(mood: Partial<NovaMood>): void {
    this.#note(`Nova changes: ${JSON.stringify(mood)}`)
    this.#faults.nova = { ...this.#faults.nova, ...mood }
  }

  /** Ends all faults of Nova. */
  calmNova(): void {
    this.#note('Nova is calm')
    this.#faults.nova = CALM
  }

  /** A segment's written consent to an evacuation without a confirmed power-off. */
  consent(segment: string): void {
    this.#note(`${segment} consents to evacuation without a fence`)
    this.#site.consent(segment)
  }

  setZone(host: string, zone: string): void {
    this.#switch(host, `is in zone ${zone}`).zone = zone
  }

  /** Only these hosts can serve a flavour's request. */
  offer(request: string, hosts: readonly string[]): void {
    this.#note(`${hosts.join(', ')} can give ${request}`)
    this.#faults.offer(request, hosts.map(hostName))
  }

  /** From now on, the cell database of these hosts is down, and of no others. */
  hideCell(hosts: readonly string[]): void {
    this.#note(`Nova hides ${hosts.join(', ') || 'nothing'}`)
    this.#faults.hideHosts(hosts)
  }

  /** From now on, Nova's scheduler refuses only these hosts for the instance. */
  filterHosts(instance: string, hosts: readonly string[]): void {
    this.#note(`Nova's scheduler does not accept ${hosts.join(', ') || 'no host'} for ${instance}`)
    this.#faults.filter(instance, hosts)
  }

  /** Whether a hidden filter of Nova's scheduler accepts the host for the instance. */
  accepts(instance: string, host: string): boolean {
    return this.#faults.accepts(instance, host)
  }

  /** From now on, Placement has no provider for the host. */
  forgetProvider(host: string): void {
    this.#switch(host, 'is unknown to Placement').isKnownToPlacement = false
  }

  /** An operator disables the service of a host. */
  disableHost(host: string): void {
    const machine = this.#switch(host, 'is disabled')
    machine.setDisabled(true, null, this.#site.clock.monotonicMs())
  }

  /**
   * An operator returns a host to service: enabled, not forced down. False when Nova refuses
   * because its evacuations are not closed.
   */
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
