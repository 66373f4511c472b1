/** The Guest port of one simulated compute host, for a process on that host. */
import type { GuestNews, GuestPort, GuestSign, GuestView } from '../../actors/ports/guest.ts'
import type { InstanceId } from '../../schema/ids.ts'
import { passOn } from './machine-time.ts'
import type { Machine } from './machine.ts'
import type { Site } from './site.ts'

/** A call on a hung host takes at least so long. */
const HUNG_MS = 1000

/** Guests of one machine. On a machine without power a call never ends, for its caller is dead too. */
export class SimulatedGuests implements GuestPort {
  readonly #site: Site
  readonly #machine: Machine
  #place = 0

  constructor(site: Site, machine: Machine) {
    this.#site = site
    this.#machine = machine
  }

  async news(from: 'snapshot' | 'last-call', signal: AbortSignal): Promise<readonly GuestNews[]> {
    const { boot, guestFeed } = this.#machine
    if (from === 'last-call' && guestFeed.since(this.#place)?.length === 0) {
      await guestFeed.more(signal)
    }
    if (!this.#machine.isRunning || this.#machine.boot !== boot) await this.#pass(HUNG_MS, boot)
    if (signal.aborted) return []
    const news = from === 'snapshot' ? undefined : guestFeed.since(this.#place)
    this.#place = guestFeed.end
    return news ?? [{ type: 'snapshot', guests: this.#views() }]
  }

  async heartbeats(
    instances: readonly InstanceId[],
    timeoutMs: number,
  ): Promise<ReadonlyMap<InstanceId, GuestSign>> {
    this.#site.ledger.count('guest.heartbeats')
    const { boot } = this.#machine
    // A healthy machine answers at once: most calls of a simulation are of this kind.
    if (!this.#machine.isRunning) await this.#pass(HUNG_MS, boot)
    const isHung = (instance: InstanceId): boolean =>
      this.#machine.copies.has(instance) && this.#site.hungGuests.has(instance)
    const hung = new Set(instances.filter(isHung))
    if (hung.size > 0) await this.#pass(timeoutMs, boot)
    const sign = (instance: InstanceId): GuestSign => {
      if (hung.has(instance)) return 'silent'
      return this.#agentOf(instance) === 'connected' ? 'alive' : 'unknown'
    }
    return new Map(instances.map((instance) => [instance, sign(instance)]))
  }

  #views(): readonly GuestView[] {
    const { copies, failedGuests, guestFeed } = this.#machine
    const view = (instance: InstanceId, power: GuestView['power']): GuestView => ({
      instance,
      run: guestFeed.runOf(instance),
      power,
      agent: this.#agentOf(instance),
    })
    const running = [...copies].map((instance) => view(instance, 'running'))
    return [...running, ...[...failedGuests].map((instance) => view(instance, 'failed'))]
  }

  #agentOf(instance: InstanceId): GuestView['agent'] {
    if (this.#site.agentless.has(instance)) return 'none'
    const { copies, booting } = this.#machine
    return copies.has(instance) && !booting.has(instance) ? 'connected' : 'disconnected'
  }

  #pass(forMs: number, boot: number): Promise<void> {
    return passOn(this.#site, this.#machine, { forMs, boot })
  }
}
