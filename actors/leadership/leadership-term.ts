/**
 * How long this process may act as leader, by its own monotonic clock. The lease holder sets it; whoever is about to do
 * something irreversible asks it, at the last moment. The store's epoch guards the records; this guards the world.
 */
import { StaleEpochError } from '../../schema/errors.ts'
import type { Epoch } from '../../schema/ids.ts'
import type { ClockPort } from '../ports/clock.ts'

export class LeadershipTerm {
  readonly #clock: Pick<ClockPort, 'monotonicMs'>
  #epoch: Epoch | undefined
  #untilMs = 0
  #sinceMs = 0

  constructor(clock: Pick<ClockPort, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Leads with this epoch until a moment of the monotonic clock. */
  hold(epoch: Epoch, untilMs: number): void {
    if (epoch !== this.#epoch) this.#sinceMs = this.#clock.monotonicMs()
    this.#epoch = epoch
    this.#untilMs = untilMs
  }

  end(): void {
    this.#epoch = undefined
  }

  /** How long we have led with the latest epoch, ms. */
  heldForMs(): number {
    return this.#clock.monotonicMs() - this.#sinceMs
  }

  /** The epoch that we lead with now, if we do. */
  current(): Epoch | undefined {
    return this.#clock.monotonicMs() < this.#untilMs ? this.#epoch : undefined
  }

  /** Throws STALE_EPOCH unless we still lead with this epoch. */
  assert(epoch: Epoch): void {
    if (this.current() !== epoch) {
      throw new StaleEpochError(epoch, `the lease of epoch ${epoch} is not held any more`)
    }
  }
}
