/**
 * Which SSH probes of which observer are lost, independently of each other with one probability, drawn so that quiet time can be
 * skipped exactly.
 *
 * An observer calls a host dead over SSH only after `samples` silent answers in a row (`isSilent` in the failure detector). So a
 * sequence of probes without so long a run of losses contains no word of death, and without one no incident and no fence. Losses
 * are independent: wherever the probe before was answered, a run of at least `samples` losses begins with probability
 * `p ** samples`, whatever came before. The number of such places until the next long run, counted over all sequences together, is
 * therefore geometric, and all of them but the last few need not be simulated. Those few are drawn under the condition that
 * their runs stay short (bounded), the long run follows, and from there on all losses are unconditioned (free).
 */
import type { RandomPort } from '../../../actors/ports/clock.ts'

/** One sequence of probes: the losses in a row up to now, and what the run that they are may become. */
interface Sequence {
  run: number
  kind: 'short' | 'long' | 'free'
}

export class LossRuns {
  readonly #random: RandomPort
  readonly #probability: number
  readonly #samples: number
  readonly #sequences = new Map<string, Sequence>()
  /** In bounded mode: places where a run may begin before the long one does. */
  #placesLeft: number | undefined

  constructor(random: RandomPort, probability: number, samples: number) {
    this.#random = random
    this.#probability = probability
    this.#samples = samples
  }

  /** Whether the losses are drawn under the condition that no long run begins. */
  get isBounded(): boolean {
    return this.#placesLeft !== undefined
  }

  /** True when no sequence is within a run of losses. */
  get isClear(): boolean {
    return [...this.#sequences.values()].every(({ run }) => run === 0)
  }

  /** From now on runs stay short at so many places, and at the next one a long run begins. */
  bound(places: number): void {
    this.#placesLeft = places
  }

  /** From now on losses are unconditioned; a run that has begun keeps its condition. */
  free(): void {
    this.#placesLeft = undefined
  }

  /** Whether the next probe of this sequence is lost. */
  isLost(name: string): boolean {
    const sequence = this.#of(name)
    if (sequence.run === 0) sequence.kind = this.#kindHere()
    const isLost = this.#random.next() < this.#chance(sequence)
    sequence.run = isLost ? sequence.run + 1 : 0
    return isLost
  }

  /** The next probe of this sequence is lost for another reason. */
  lose(name: string): void {
    const sequence = this.#of(name)
    sequence.kind = 'free'
    sequence.run += 1
  }

  /** The watcher whose probes these are has ended: what it counted is forgotten. */
  forget(name: string): void {
    this.#sequences.delete(name)
  }

  #of(name: string): Sequence {
    const known = this.#sequences.get(name)
    if (known !== undefined) return known
    const sequence: Sequence = { run: 0, kind: 'free' }
    this.#sequences.set(name, sequence)
    return sequence
  }

  #kindHere(): Sequence['kind'] {
    if (this.#placesLeft === undefined) return 'free'
    if (this.#placesLeft === 0) {
      this.#placesLeft = undefined
      return 'long'
    }
    this.#placesLeft -= 1
    return 'short'
  }

  #chance({ run, kind }: Sequence): number {
    if (kind === 'short') return chanceInShortRun(this.#probability, this.#samples, run)
    return kind === 'long' && run < this.#samples ? 1 : this.#probability
  }
}

/** One more loss after so many in a row, given that the run stays shorter than `samples`. */
function chanceInShortRun(probability: number, samples: number, run: number): number {
  const left = samples - run
  return (probability * (1 - probability ** (left - 1))) / (1 - probability ** left)
}

/** Among places where no long run begins: the share at which a short one does. */
export const shortRunShare = (probability: number, samples: number): number =>
  chanceInShortRun(probability, samples, 0)

/** The mean length of a run of losses that stays shorter than `samples`. */
export function meanShortRun(probability: number, samples: number): number {
  let [mean, reached] = [0, 1]
  for (let run = 1; run < samples; run += 1) {
    mean += reached
    reached *= chanceInShortRun(probability, samples, run)
  }
  return mean
}

/** How many trials fail before the first success, each with this probability. */
export const failuresBefore = (random: RandomPort, probability: number): number =>
  Math.floor(Math.log1p(-random.next()) / Math.log1p(-probability))
