/**
 * Disturbs messages on the bus: it loses, doubles and delays them, and cuts nodes off from the
 * broker.
 */
import type { RandomPort } from '../../actors/ports/clock.ts'
import type { Disturb } from '../../transports/memory/wires.ts'

export class BusWeather {
  readonly #random: RandomPort
  readonly #cut = new Set<string>()
  /** The share of messages that are disturbed. */
  roughness = 0

  constructor(random: RandomPort) {
    this.#random = random
  }

  cutOff(node: string): void {
    this.#cut.add(node)
  }

  reconnect(node: string): void {
    this.#cut.delete(node)
  }

  /** The broker calls this for each message. */
  readonly disturb: Disturb = ({ from, to }) => {
    if (this.#cut.size > 0 && (this.#cut.has(from) || this.#cut.has(to))) return []
    if (this.roughness === 0 || this.#random.next() >= this.roughness) return [0]
    const kind = this.#random.next()
    if (kind < 0.4) return []
    const delayMs = Math.floor(this.#random.next() * 3000)
    return kind < 0.7 ? [delayMs] : [0, delayMs]
  }
}
