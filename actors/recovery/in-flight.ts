/**
 * The hosts of all segments that this leader is acting on. Segments decide at the same time, so the
 * last check before a recovery begins is made here, in one step: two recoveries must not both take
 * the last place under the cap.
 */
import type { Epoch, HostId } from '../../schema/ids.ts'

export class InFlight {
  #epoch: Epoch | undefined
  readonly #hosts = new Set<HostId>()

  /** Adds the host, unless `object` gives a reason against it when it gets the hosts in flight. */
  claim(
    epoch: Epoch,
    host: HostId,
    object: (inFlight: ReadonlySet<HostId>) => string | undefined,
  ): string | undefined {
    if (epoch !== this.#epoch) this.#hosts.clear()
    this.#epoch = epoch
    const objection = object(this.#hosts)
    if (objection === undefined) this.#hosts.add(host)
    return objection
  }

  /** Removes the host of an ended recovery. What the recovery did to the host is in the store. */
  release(epoch: Epoch, host: HostId): void {
    if (epoch === this.#epoch) this.#hosts.delete(host)
  }
}
