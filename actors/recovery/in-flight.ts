/**
 * The hosts of all segments that this leader is acting on. Segments decide side by side, so the last word before a
 * recovery begins is said here, in one step: two of them must not both take the last place under the cap.
 */
import type { Epoch, HostId } from '../../schema/ids.ts'

export class InFlight {
  #epoch: Epoch | undefined
  readonly #hosts = new Set<HostId>()

  /** Takes the host in, unless `object` says why not when it is shown those that are in flight. */
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

  /** Its recovery has ended; what it did to the host is in the store. */
  release(epoch: Epoch, host: HostId): void {
    if (epoch === this.#epoch) this.#hosts.delete(host)
  }
}
