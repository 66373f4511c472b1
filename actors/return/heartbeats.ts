/** A host without SSH settings shows its life by heartbeats only, and Nova believes in an old one for a minute: a new one is waited for. */
import type { HostId } from '../../schema/ids.ts'
import type { ComputeService } from '../ports/compute.ts'

export class Heartbeats {
  readonly #writtenAt = new Map<HostId, number>()

  /** True when its nova-compute has written to Nova since the last look. */
  look(host: HostId, service: Pick<ComputeService, 'writtenAt'> | undefined): boolean {
    const before = this.#writtenAt.get(host)
    const now = service?.writtenAt ?? undefined
    if (now !== undefined) this.#writtenAt.set(host, now)
    return before !== undefined && now !== undefined && now > before
  }

  /** We write to its row ourselves: the next look proves nothing. */
  forget(host: HostId): void {
    this.#writtenAt.delete(host)
  }
}
