/**
 * The hosts of all segments that one leader is acting on. Segments decide side by side, so the last word before a
 * recovery begins is said here, in one step: two of them must not both take the last place under the cap.
 */
import type { HostId } from '../../schema/ids.ts'

export class InFlight {
  readonly #hosts = new Set<HostId>()

  get size(): number {
    return this.#hosts.size
  }

  /** Adds the host, unless `object` gives a reason against it when it gets the hosts in flight. */
  claim(
    host: HostId,
    object: (inFlight: ReadonlySet<HostId>) => string | undefined,
  ): string | undefined {
    const objection = object(this.#hosts)
    if (objection === undefined) this.#hosts.add(host)
    return objection
  }

  /** Removes the host of an ended recovery. What the recovery did to the host is in the store. */
  release(host: HostId): void {
    this.#hosts.delete(host)
  }
}
