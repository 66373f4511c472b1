/** The Guest port of one simulated compute host, as a process on that host has it. */
import { sleep } from '../../actors/ports/clock.ts'
import type { GuestPort, GuestSign } from '../../actors/ports/guest.ts'
import type { InstanceId } from '../../schema/ids.ts'
import type { Machine } from './machine.ts'
import type { Site } from './site.ts'

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

  async heartbeats(timeoutMs: number): Promise<ReadonlyMap<InstanceId, GuestSign>> {
    this.#site.ledger.count('guest.heartbeats')
    // A machine that is well answers at once: most calls of a simulation are of this kind.
    if (!this.#machine.isRunning) await this.#pass(HUNG_MS)
    const { copies } = this.#machine
    const hung = new Set([...copies].filter((copy) => this.#site.hungGuests.has(copy)))
    if (hung.size > 0) await this.#pass(timeoutMs)
    return new Map([...copies].map((copy) => [copy, hung.has(copy) ? 'silent' : 'alive']))
  }

  /** Lets time pass as the machine lives it. */
  async #pass(forMs: number): Promise<void> {
    const { boot } = this.#machine
    await sleep(this.#site.clock, forMs)
    while (this.#machine.boot === boot && this.#machine.os === 'hung') {
      await sleep(this.#site.clock, HUNG_MS)
    }
    if (this.#machine.boot !== boot || this.#machine.power === 'off') await new Promise(() => {})
  }
}
