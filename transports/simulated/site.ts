/**
 * The machines of the simulated world: their power, operating systems and emulators, independent of
 * what Nova shows.
 */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { GuestEvent } from '../../actors/ports/guest.ts'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Ledger } from './ledger.ts'
import type { Machine } from './machine.ts'

/** From power on to a running operating system, ms. */
const BOOT_MS = 45_000
/** From the running operating system to nova-compute, ms. */
const COMPUTE_START_MS = 8000

/** The address of a host's BMC in its control attributes. */
export const bmcAddress = (host: string): string => `bmc.${host}`

/**
 * The machines, for the parts that act on them. The cloud's own services are called through
 * `onComputeStart`.
 */
export class Site {
  readonly clock: ClockPort
  readonly ledger: Ledger
  readonly machines: readonly Machine[]
  /** Guests that run and answer nothing. */
  readonly hungGuests = new Set<InstanceId>()
  /** Guests that cannot start until they are rebuilt. */
  readonly brokenGuests = new Set<InstanceId>()
  /** Guests without a channel for an agent. */
  readonly agentless: ReadonlySet<InstanceId>
  /** Called when nova-compute starts on a machine. */
  onComputeStart: (machine: Machine) => void = () => {}
  /** Called after each change of a machine, by its name. */
  readonly onChange = new Map<string, () => void>()
  readonly #byName: ReadonlyMap<string, Machine>
  readonly #byBmc: ReadonlyMap<string, Machine>
  readonly #nameOf: (instance: InstanceId) => string
  readonly #bootMsOf: (instance: InstanceId) => number
  readonly #consents = new Set<string>()

  constructor(options: {
    readonly clock: ClockPort
    readonly ledger: Ledger
    readonly machines: readonly Machine[]
    readonly nameOf: (instance: InstanceId) => string
    /** How long a guest boots, until its agent listens. */
    readonly bootMsOf: (instance: InstanceId) => number
    readonly agentless: ReadonlySet<InstanceId>
  }) {
    this.clock = options.clock
    this.ledger = options.ledger
    this.machines = options.machines
    this.#nameOf = options.nameOf
    this.#bootMsOf = options.bootMsOf
    this.agentless = options.agentless
    this.#byName = new Map(options.machines.map((machine) => [machine.name, machine]))
    this.#byBmc = new Map(options.machines.map((machine) => [bmcAddress(machine.name), machine]))
  }

  find(host: string): Machine | undefined {
    return this.#byName.get(host)
  }

  /** The machine of that name; throws RangeError for an unknown one. */
  get(host: string): Machine {
    const machine = this.find(host)
    if (machine === undefined) throw new RangeError(`no such host: ${host}`)
    return machine
  }

  findByBmc(address: string): Machine | undefined {
    return this.#byBmc.get(address)
  }

  /** A segment's written consent to an evacuation without a confirmed power-off. */
  consent(segment: string): void {
    this.#consents.add(segment)
  }

  /** True when nothing that ran on the machine before its failure can still run. */
  isCertainlyDead(machine: Machine): boolean {
    if (machine.power === 'off' || machine.trust === 'dead-once') return true
    if (machine.storage === 'cut-off') return true
    return machine.os === 'hung' && this.#consents.has(machine.segment)
  }

  cutPower(machine: Machine): void {
    if (machine.power === 'off') return
    machine.power = 'off'
    machine.trust = 'dead-once'
    machine.boot += 1
    machine.copies.clear()
    machine.booting.clear()
    machine.failedGuests.clear()
    this.#changed(machine, 'has no power')
  }

  /** Nothing on the machine can write any more: its guests stop. */
  cutStorage(machine: Machine): void {
    machine.storage = 'cut-off'
    machine.copies.clear()
    this.#changed(machine, 'is cut off from its storage')
  }

  /** Powers a machine on. It boots, and then nova-compute starts; its instances do not start. */
  powerOn(machine: Machine): void {
    if (machine.power === 'on') return
    machine.power = 'on'
    machine.os = 'booting'
    machine.novaCompute = 'down'
    machine.bmcClaims = 'on'
    const boot = machine.boot
    this.#changed(machine, 'boots')
    this.clock.schedule(BOOT_MS, () => {
      if (machine.boot !== boot) return
      machine.os = 'up'
      this.#changed(machine, 'is up')
      this.clock.schedule(COMPUTE_START_MS, () => {
        if (machine.boot === boot) this.startCompute(machine)
      })
    })
  }

  hang(machine: Machine): void {
    if (!machine.isRunning) return
    machine.os = 'hung'
    this.#changed(machine, 'hangs')
  }

  /** A hung operating system continues, and so do its emulators. */
  thaw(machine: Machine): void {
    if (machine.power === 'off' || machine.os !== 'hung') return
    machine.os = 'up'
    this.#changed(machine, 'goes on after a hang')
    for (const instance of machine.copies) this.#checkOneCopy(instance)
  }

  stopCompute(machine: Machine): void {
    machine.novaCompute = 'down'
    this.#changed(machine, 'has no nova-compute')
  }

  startCompute(machine: Machine): void {
    if (!machine.isRunning || machine.novaCompute === 'up') return
    machine.novaCompute = 'up'
    if (!machine.forcedDown) machine.trust = 'in-service'
    this.#changed(machine, 'runs nova-compute')
    this.onComputeStart(machine)
  }

  setNetwork(machine: Machine, network: Machine['network']): void {
    machine.network = network
    this.#changed(machine, network === 'up' ? 'is on the network' : 'is off the network')
  }

  startCopy(machine: Machine, instance: InstanceId): void {
    this.hungGuests.delete(instance)
    machine.copies.add(instance)
    machine.failedGuests.delete(instance)
    machine.guestFeed.started(instance, this.agentless.has(instance) ? 'none' : 'disconnected')
    this.#boot(machine, instance)
    this.#checkOneCopy(instance)
  }

  /** A guest that hangs while it boots never comes to an end with it. */
  #boot({ booting, guestFeed }: Machine, instance: InstanceId): void {
    booting.add(instance)
    const run = guestFeed.runOf(instance)
    this.clock.schedule(this.#bootMsOf(instance), () => {
      if (guestFeed.runOf(instance) !== run || this.hungGuests.has(instance)) return
      if (!booting.delete(instance) || this.agentless.has(instance)) return
      guestFeed.happened(instance, 'agent-connected')
    })
  }

  /** The emulator of a copy ends, for that reason. */
  endCopy(machine: Machine, instance: InstanceId, event: GuestEvent): void {
    if (!machine.copies.delete(instance)) return
    machine.booting.delete(instance)
    if (event === 'stopped-failed') machine.failedGuests.add(instance)
    machine.guestFeed.happened(instance, event)
  }

  /** Machines on which a copy of the instance runs now. */
  copiesOf(instance: InstanceId): readonly HostName[] {
    return this.machines
      .filter((machine) => machine.isRunning && machine.copies.has(instance))
      .map((machine) => machine.name)
  }

  #checkOneCopy(instance: InstanceId): void {
    const copies = this.copiesOf(instance)
    if (copies.length < 2) return
    const lie = copies.some((host) => this.find(host)?.bmc === 'lies') ? ' (a BMC lies)' : ''
    this.ledger.violate(
      `I1 two copies of ${this.#nameOf(instance)} on ${copies.join(' and ')}${lie}`,
    )
  }

  #changed(machine: Machine, what: string): void {
    machine.noteHeartbeat(this.clock.monotonicMs())
    this.ledger.note('world', `${machine.name} ${what}`)
    this.onChange.get(machine.name)?.()
  }
}
