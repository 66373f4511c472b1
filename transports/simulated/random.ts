/**
 * Seeded random numbers: xoshiro128** 1.1 by D. Blackman and S. Vigna
 * (https://prng.di.unimi.it/xoshiro128starstar.c).
 */
import type { RandomPort } from '../../actors/ports/clock.ts'

/** Four words of 32 bits, not all zero. */
export type XoshiroState = [number, number, number, number]

const rotateLeft = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** The next 32 bits; changes the state. */
export function xoshiro128StarStar(state: XoshiroState): number {
  const result = Math.imul(rotateLeft(Math.imul(state[1], 5), 7), 9) >>> 0
  const shifted = state[1] << 9
  state[2] ^= state[0]
  state[3] ^= state[1]
  state[1] ^= state[2]
  state[0] ^= state[3]
  state[2] ^= shifted
  state[3] = rotateLeft(state[3], 11)
  return result
}

/** Random numbers that can be repeated: the same seed gives the same numbers. */
export class SeededRandom implements RandomPort {
  /** The name of this source, hashed once for each word of the state: forks add to it. */
  readonly #roots: XoshiroState
  readonly #state: XoshiroState

  constructor(seed: number | string, roots: XoshiroState = LANES) {
    const text = String(seed)
    this.#roots = mapped(roots, (root) => absorbed(root, text))
    this.#state = mapped(this.#roots, finished)
  }

  next(): number {
    return xoshiro128StarStar(this.#state) / 2 ** 32
  }

  uuid(): string {
    const hex = Array.from({ length: 4 }, () =>
      xoshiro128StarStar(this.#state).toString(16).padStart(8, '0'),
    ).join('')
    const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) & 3)
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      variant + hex.slice(17, 20),
      hex.slice(20),
    ].join('-')
  }

  /**
   * A separate random source that depends only on the seed and the name. Numbers drawn elsewhere do
   * not change its numbers.
   */
  fork(name: string): SeededRandom {
    return new SeededRandom(`/${name}`, this.#roots)
  }
}

/** A whole number from `min` to `max`, both included. */
export function draw(random: RandomPort, [min, max]: readonly [number, number]): number {
  return min + Math.floor(random.next() * (max - min + 1))
}

const mapped = ([a, b, c, d]: XoshiroState, change: (word: number) => number): XoshiroState => [
  change(a),
  change(b),
  change(c),
  change(d),
]

/** FNV-1a over UTF-16 units; it can go on with more text. */
function absorbed(hash: number, text: string): number {
  let word = hash
  for (let index = 0; index < text.length; index += 1) {
    word = Math.imul(word ^ text.charCodeAt(index), 0x01_00_01_93)
  }
  return word
}

/** The finaliser of MurmurHash3: similar seeds give very different states. */
function finished(hash: number): number {
  let word = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2_b2_ae_35)
  return (word ^ (word >>> 16)) >>> 0
}

/** Where the hash of each word of the state begins. */
const LANES = mapped([1, 2, 3, 4], (lane) => absorbed(0x81_1c_9d_c5, `${lane}/`))
