/**
 * The hosts that were made certain to be dead, by this leader's monotonic clock: those of its own segment's recoveries, and
 * what it has learned of earlier leaders. The store knows them too, but by the wall clock: when that jumps ahead, the storm
 * guard must not forget.
 */
import type { HostId } from '../../schema/ids.ts'

export class ActedOn {
  readonly #begunAtMs = new Map<HostId, number>()
  readonly #certainAtMs = new Map<HostId, number>()

  /** A recovery that may act on the host begins. */
  begin(host: HostId, atMs: number): void {
    this.#begunAtMs.set(host, atMs)
  }

  /** Its recovery has ended, and the host was made certain to be dead. */
  confirm(host: HostId): void {
    const atMs = this.#begunAtMs.get(host)
    if (atMs !== undefined) this.#certainAtMs.set(host, atMs)
  }

  /** The store says that the host was acted on then. What is known already is not touched: it was learned before a jump. */
  learn(host: HostId, atMs: number): void {
    if (!this.#certainAtMs.has(host)) this.#certainAtMs.set(host, atMs)
  }

  /** Hosts acted on since that moment, and when. */
  since(atMs: number): readonly (readonly [HostId, number])[] {
    return [...this.#certainAtMs].filter(([, when]) => when >= atMs)
  }
}
