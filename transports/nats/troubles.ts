/**
 * What the servers deny, and what has not worked, since when: for operators who ask why a role
 * cannot work.
 */
import type { Hindrance } from '../../actors/ports/bus.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'

type Operation = 'publish' | 'subscribe'

interface Denial {
  readonly operation: Operation
  readonly subject: string
  readonly since: number
  readonly renewedAtMs: number
  readonly renewals: number
}

/**
 * The most denials that are kept. Subjects are chosen by us, but one of them exists for each host.
 */
const DENIALS_MAX = 64
/**
 * A denial without a new try for so long is forgotten, ms, because it may not be wanted any more.
 */
const FORGET_MS = 900_000

export class Troubles {
  readonly #clock: ClockPort
  readonly #denied = new BoundedMap<string, Denial>({ entriesMax: DENIALS_MAX, whenFull: 'refuse' })
  /** By goal; there are only a few goals. */
  readonly #failing = new Map<string, { readonly reason: string; readonly since: number }>()
  readonly #degraded = new Map<string, { readonly what: string; readonly since: number }>()

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  /** Records that the server has refused the operation. */
  deny(operation: Operation, subject: string): void {
    const family = familyOf(subject)
    const known = this.#denied.get(`${operation} ${family}`)
    this.#denied.set(`${operation} ${family}`, {
      operation,
      subject: family,
      since: known?.since ?? this.#clock.wallMs(),
      renewedAtMs: this.#clock.monotonicMs(),
      renewals: (known?.renewals ?? 0) + 1,
    })
  }

  /**
   * How often the operation was refused; undefined when it was never refused, or is allowed by now.
   */
  denials(operation: Operation, subject: string): number | undefined {
    return this.#denied.get(`${operation} ${familyOf(subject)}`)?.renewals
  }

  /** Records that the operation has worked. */
  allow(operation: Operation, subject: string): void {
    this.#denied.delete(`${operation} ${familyOf(subject)}`)
  }

  /** Records that something has worked that needs all subjects with this prefix. */
  allowBelow(prefix: string): void {
    for (const [key, { subject }] of this.#denied.entries()) {
      if (subject.startsWith(prefix)) this.#denied.delete(key)
    }
  }

  fail(goal: string, reason: string): void {
    const since = this.#failing.get(goal)?.since ?? this.#clock.wallMs()
    this.#failing.set(goal, { reason, since })
  }

  work(goal: string): void {
    this.#failing.delete(goal)
  }

  /** Records that a part works only in a limited way; undefined: that it works well. */
  degrade(part: string, what: string | undefined): void {
    const since = this.#degraded.get(part)?.since ?? this.#clock.wallMs()
    if (what === undefined) this.#degraded.delete(part)
    else this.#degraded.set(part, { what, since })
  }

  list(): readonly Hindrance[] {
    const renewedSince = this.#clock.monotonicMs() - FORGET_MS
    const denied = [...this.#denied.values()].filter((each) => each.renewedAtMs >= renewedSince)
    return [
      ...denied.map(({ operation, subject, since }) => {
        return { kind: 'denied', operation, subject, since } as const
      }),
      ...[...this.#failing].map(([goal, { reason, since }]) => {
        return { kind: 'failing', goal, reason, since } as const
      }),
      ...[...this.#degraded.values()].map((each) => ({ kind: 'degraded', ...each }) as const),
    ]
  }
}

/**
 * Inboxes have a new name each time, and acknowledgements have one for each message. Only their
 * prefix counts.
 */
function familyOf(subject: string): string {
  if (subject.startsWith('_INBOX.')) return '_INBOX.>'
  if (subject.startsWith('$JS.ACK.')) return '$JS.ACK.>'
  return subject
}
