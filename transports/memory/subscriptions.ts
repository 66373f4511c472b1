/** The subscribers of each subject, with the wildcards of NATS. */

/**
 * The most subjects whose listeners are remembered. When there are more, all are forgotten and
 * found again.
 */
const REMEMBERED_MAX = 10_000

/** True when the pattern covers the subject: `*` is one token, a final `>` one or more. */
export function covers(pattern: readonly string[], subject: readonly string[]): boolean {
  const open = pattern.at(-1) === '>'
  const fixed = open ? pattern.length - 1 : pattern.length
  if (open ? subject.length <= fixed : subject.length !== fixed) return false
  for (let index = 0; index < fixed; index += 1) {
    if (pattern[index] !== '*' && pattern[index] !== subject[index]) return false
  }
  return true
}

/** Listeners by pattern. Finding the listeners of a known subject costs one look-up. */
export class Subscriptions<Listener> {
  readonly #patterns = new Map<Listener, readonly string[]>()
  readonly #remembered = new Map<string, readonly Listener[]>()

  add(pattern: string, listener: Listener): void {
    this.#patterns.set(listener, pattern.split('.'))
    this.#remembered.clear()
  }

  remove(listener: Listener): void {
    this.#patterns.delete(listener)
    this.#remembered.clear()
  }

  /** In the order in which they were added. */
  matching(subject: string): readonly Listener[] {
    const known = this.#remembered.get(subject)
    if (known !== undefined) return known
    const tokens = subject.split('.')
    const found = [...this.#patterns].filter(([, pattern]) => covers(pattern, tokens))
    const listeners = found.map(([listener]) => listener)
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear()
    this.#remembered.set(subject, listeners)
    return listeners
  }
}
