/** The Guest port of one simulated compute host, as a process on that host has it. */
import type { GuestPort, GuestSign } from '../../actors/ports/guest.ts'
import type { InstanceId } from '../../schema/ids.ts'
import type { Machine } from './machine.ts'
import type { Site } from './site.ts'
import { wait } from './wait.ts'

/** How often a caller on a hung host looks whether time goes on. */
const HUNG_MS = 1000

/** Guests of one machine. On a machine without power a call never ends, for its caller is dead too. */
export class SimulatedGuests implements GuestPort {
  readonly #site: Site
  readonly #machine: Machine

  constructor(site: Site, machine: Machine) {
    this.#site = site
    this.#machine = machine
  }

  async list(): Promise<readonly InstanceId[]> {
    await this.#untilServed()
    return [...this.#machine.copies]
  }

  async heartbeat(instance: InstanceId, timeoutMs: number): Promise<GuestSign> {
    this.#site.ledger.count('guest.heartbeat')
    await this.#untilServed()
    if (!this.#machine.copies.has(instance)) return 'gone'
    if (!this.#site.hungGuests.has(instance)) return 'alive'
    await this.#pass(timeoutMs)
    return this.#machine.copies.has(instance) ? 'silent' : 'gone'
  }

  /** A machine that is well answers at once: most calls of a simulation are of this kind. */
  async #untilServed(): Promise<void> {
    if (!this.#machine.isRunning) await this.#pass(HUNG_MS)
  }

  /** Lets time pass as the machine lives it. */
  async #pass(forMs: number): Promise<void> {
    const { boot } = this.#machine
    await wait(this.#site.clock, forMs)
    while (this.#machine.boot === boot && this.#machine.os === 'hung') {
      await wait(this.#site.clock, HUNG_MS)
    }
    if (this.#machine.boot !== boot || this.#machine.power === 'off') await new Promise(() => {})
  }
}
