/** What happens to messages on their way: lost, doubled, delayed, and nodes cut off from the broker. */
import type { RandomPort } from '../../actors/ports/clock.ts'
import type { Disturb } from '../../transports/memory/wires.ts'

export class BusWeather {
  readonly #random: RandomPort
  readonly #cut = new Set<string>()
  /** Share of messages that are disturbed. */
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

  /** Given to the broker. */
  readonly disturb: Disturb = ({ from, to }) => {
    if (this.#cut.size > 0 && (this.#cut.has(from) || this.#cut.has(to))) return []
    if (this.roughness === 0 || this.#random.next() >= this.roughness) return [0]
    const kind = this.#random.next()
    if (kind < 0.4) return []
    const delayMs = Math.floor(this.#random.next() * 3000)
    return kind < 0.7 ? [delayMs] : [0, delayMs]
  }
}
