/**
 * Group commit: calls that come at the same time, or while others are carried out, go to the database together, in their order. A
 * burst of faults would otherwise need thousands of round trips a second (decision 0063).
 */
import { isStoreAway } from '../../actors/ports/store.ts'

/** The most calls in one group: its transaction keeps others waiting for so long. */
const GROUP_MAX = 32
/** Groups of reads under way at the same time, so that one connection that does not answer does not hold back all others. */
const LANES = 2

interface Waiting<Call, Result> {
  readonly call: Call
  readonly resolve: (result: Result | PromiseLike<Result>) => void
  readonly reject: (error: unknown) => void
}

export class Together<Call, Result> {
  readonly #run: (calls: readonly Call[]) => Promise<readonly Result[]>
  readonly #lanes: number
  #waiting: Waiting<Call, Result>[] = []
  #busy = 0
  #isDue = false

  /**
   * `run` carries out all of the calls or none, and returns one result for each, in their order. lanes: how many groups may be under
   * way at the same time.
   */
  constructor(run: (calls: readonly Call[]) => Promise<readonly Result[]>, lanes = LANES) {
    this.#run = run
    this.#lanes = lanes
  }

  /** Rejects with the error of this call alone, or because the store is away. */
  carryOut(call: Call): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    this.#waiting.push({ call, resolve, reject })
    this.#beginSoon()
    return promise
  }

  /** Not at once: all that is asked for in the same turn belongs together. */
  #beginSoon(): void {
    if (this.#isDue || this.#busy === this.#lanes || this.#waiting.length === 0) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      void this.#begin()
    })
  }

  async #begin(): Promise<void> {
    const group = this.#waiting.slice(0, GROUP_MAX)
    this.#waiting = this.#waiting.slice(GROUP_MAX)
    this.#busy += 1
    this.#beginSoon()
    await this.#carryOutGroup(group)
    this.#busy -= 1
    this.#beginSoon()
  }

  async #carryOutGroup(group: readonly Waiting<Call, Result>[]): Promise<void> {
    try {
      const results = await this.#run(group.map(({ call }) => call))
      for (const [index, result] of results.entries()) group[index]?.resolve(result)
    } catch (error) {
      if (group.length === 1 || isStoreAway(error)) {
        for (const { reject } of group) reject(error)
      } else await this.#carryOutEach(group)
    }
  }

  /** The error belongs to one of them: the others must not suffer from it. */
  async #carryOutEach(group: readonly Waiting<Call, Result>[]): Promise<void> {
    for (const each of group) await this.#carryOutGroup([each])
  }
}
