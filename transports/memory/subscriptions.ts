/** The subscribers of each subject, with the wildcards of NATS. */
import { covers } from '../../schema/messages/subject-patterns.ts'

/**
 * The most subjects whose listeners are remembered. When there are more, all are forgotten and
 * found again.
 */
const REMEMBERED_MAX = 10_000

interface Subscription {
  readonly pattern: string
  /** The order in which it was added. */
  readonly order: number
}

/** Listeners by pattern. Finding the listeners of a known subject costs one look-up. */
export class Subscriptions<Listener> {
  readonly #all = new Map<Listener, Subscription>()
  /** Patterns without a wildcard: there may be one for each host. */
  readonly #exact = new Map<string, Set<Listener>>()
  readonly #wild = new Map<Listener, readonly string[]>()
  readonly #remembered = new Map<string, readonly Listener[]>()
  #added = 0

  add(pattern: string, listener: Listener): void {
    this.remove(listener)
    this.#added += 1
    this.#all.set(listener, { pattern, order: this.#added })
    const tokens = pattern.split('.')
    if (tokens.some(isWildcard)) {
      this.#wild.set(listener, tokens)
      this.#remembered.clear()
    } else {
      this.#exact.set(pattern, (this.#exact.get(pattern) ?? new Set()).add(listener))
      this.#remembered.delete(pattern)
    }
  }

  remove(listener: Listener): void {
    const subscription = this.#all.get(listener)
    if (subscription === undefined) return
    const { pattern } = subscription
    this.#all.delete(listener)
    if (this.#wild.delete(listener)) {
      this.#remembered.clear()
      return
    }
    const others = this.#exact.get(pattern)
    others?.delete(listener)
    if (others?.size === 0) this.#exact.delete(pattern)
    this.#remembered.delete(pattern)
  }

  /** In the order in which they were added. */
  matching(subject: string): readonly Listener[] {
    const known = this.#remembered.get(subject)
    if (known !== undefined) return known
    const tokens = subject.split('.')
    const wild = [...this.#wild].filter(([, pattern]) => covers(pattern, tokens))
    const listeners = [...(this.#exact.get(subject) ?? []), ...wild.map(([listener]) => listener)]
    const orderOf = (listener: Listener): number => this.#all.get(listener)?.order ?? 0
    const ordered = listeners.toSorted((one, other) => orderOf(one) - orderOf(other))
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear()
    this.#remembered.set(subject, ordered)
    return ordered
  }
}

const isWildcard = (token: string): boolean => token === '*' || token === '>'
