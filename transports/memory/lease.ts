/**
 * The access of one node to the lease inside this process. It takes the same steps as on NATS: a
 * compare-and-set write decides, and a read only finds the revision for the write.
 */
import { describeError } from '../../schema/errors.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { LeaseHolder, LeasePort, LeaseRevision } from '../../actors/ports/lease.ts'
import type { Wires } from './wires.ts'

const CALL_MS_MAX = 2000
/** Of the TTL, for one call: a leader has time for three of them when an answer is lost. */
const CALL_SHARE = 0.2

interface Found {
  readonly owner: MemoryLease | undefined
  /** Zero when the lease is free. */
  readonly revision: LeaseRevision
}

const FREE: Found = { owner: undefined, revision: 0 }

/** The lease as the broker keeps it. It becomes free when its TTL is over. */
export class LeaseKey {
  readonly ttlMs: number
  readonly #now: () => number
  #found: Found = FREE
  #expiresAt = 0
  #writes = 0

  constructor(ttlMs: number, now: () => number) {
    this.ttlMs = ttlMs
    this.#now = now
  }

  read(): Found {
    return this.#now() < this.#expiresAt ? this.#found : FREE
  }

  /**
   * The new revision; undefined when the lease is not at the given revision. Without an owner, the
   * lease becomes free.
   */
  write(revision: LeaseRevision, owner: MemoryLease | undefined): LeaseRevision | undefined {
    if (this.read().revision !== revision) return undefined
    this.#writes += 1
    this.#found = owner === undefined ? FREE : { owner, revision: this.#writes }
    this.#expiresAt = this.#now() + this.ttlMs
    return this.#writes
  }
}

/**
 * The lease is ours when this object wrote it. A restarted process makes a new object, which counts
 * as another holder.
 */
export class MemoryLease implements LeasePort {
  readonly #wires: Pick<Wires, 'clock' | 'ask'>
  readonly #log: LogPort
  readonly #key: LeaseKey
  readonly #node: string
  /** How often it was asked to take the lease. */
  #creates = 0

  constructor(
    { wires, log }: { readonly wires: Pick<Wires, 'clock' | 'ask'>; readonly log: LogPort },
    key: LeaseKey,
    node: string,
  ) {
    this.#wires = wires
    this.#log = log
    this.#key = key
    this.#node = node
  }

  async create(_holder: string): Promise<LeaseRevision | undefined> {
    this.#creates += 1
    const ask = this.#call()
    const created = await ask(() => this.#key.write(0, this))
    if (created !== undefined) return created
    const found = await ask(() => this.#key.read())
    if (found.owner !== undefined && found.owner !== this) return undefined
    return await ask(() => this.#key.write(found.revision, this))
  }

  async renew(_holder: string, revision: LeaseRevision): Promise<LeaseRevision | undefined> {
    const ask = this.#call()
    const renewed = await ask(() => this.#key.write(revision, this))
    if (renewed !== undefined) return renewed
    const found = await ask(() => this.#key.read())
    if (found.owner !== this) return undefined
    return await ask(() => this.#key.write(found.revision, this))
  }

  async release(revision: LeaseRevision): Promise<void> {
    const before = this.#creates
    const ask = this.#call()
    try {
      const released = await ask(() => this.#key.write(revision, undefined))
      if (released !== undefined) return
      const found = await ask(() => this.#key.read())
      // What we have taken again meanwhile is not what was to be given back.
      if (found.owner !== this || this.#creates !== before) return
      await ask(() => this.#key.write(found.revision, undefined))
    } catch (error) {
      this.#log.warn({ reason: describeError(error) }, 'the lease was not given back')
    }
  }

  async look(): Promise<LeaseHolder | undefined> {
    const { owner } = await this.#call()(() => this.#key.read())
    return owner === undefined ? undefined : { name: owner.#node, isEngine: true }
  }

  /** Asks the broker as often as one call needs, within one deadline. */
  #call(): <Answer>(apply: () => Answer) => Promise<Answer> {
    const { clock } = this.#wires
    const deadline = clock.monotonicMs() + Math.min(CALL_MS_MAX, this.#key.ttlMs * CALL_SHARE)
    return (apply) =>
      this.#wires.ask({
        node: this.#node,
        subject: 'lease',
        timeoutMs: deadline - clock.monotonicMs(),
        lost: 'LEASE_UNAVAILABLE',
        apply,
      })
  }
}
