/**
 * The lease as one key of a NATS bucket. Every answer is decided by a compare-and-set write. A
 * read, always from the stream's leader, only finds the revision for the write.
 */
import { headers, type MsgHdrs, type NatsConnection } from 'nats'
import { CodedError, describeError } from '../../schema/errors.ts'
import type { LeaseHolder, LeasePort, LeaseRevision } from '../../actors/ports/lease.ts'
import { sleep } from '../../actors/ports/clock.ts'
import type { NatsLink } from './link.ts'
import { isJsError, isNobodyThere, JS_ERROR, manage, type KeptStream } from './streams.ts'
import type { Surroundings } from './upkeep.ts'

const CALL_MS_MAX = 2000
/** Of the TTL, for one call: a leader has time for three of them when an answer is lost. */
const CALL_SHARE = 0.2
/** A connection that was lost is replaced within these pauses, unless the servers are away. */
const RELEASE_TRIES = 4
const RELEASE_PAUSE_MS = 300
/** The mark that NATS tools put on a deleted key. */
const DELETED: MsgHdrs = headers()
DELETED.set('KV-Operation', 'DEL')

interface LeaseOptions {
  readonly link: NatsLink
  readonly bucket: KeptStream
  readonly subject: string
  readonly ttlMs: number
}

/** One call: its connection, and the time that is left for it. */
interface Call {
  readonly connection: NatsConnection
  readonly leftMs: () => number
}

/** The content of the key, and the revision that a write must name. */
interface Found {
  readonly kind: 'free' | 'ours' | 'taken'
  readonly revision: LeaseRevision
  /** The text as it was written, perhaps by another program. */
  readonly text: string
}

/** The lease of one connection. */
export class NatsLease implements LeasePort {
  readonly #around: Surroundings
  readonly #options: LeaseOptions
  /** Distinguishes our own writes from those of an earlier process with the same holder name. */
  readonly #life: string
  /** How often it was asked to take the lease. */
  #creates = 0

  constructor(around: Surroundings, options: LeaseOptions) {
    this.#around = around
    this.#options = options
    this.#life = around.random.uuid()
  }

  create(holder: string): Promise<LeaseRevision | undefined> {
    this.#creates += 1
    return this.#call(async (call) => {
      const created = await this.#write(call, 0, this.#mark(holder))
      if (created !== undefined) return created
      // The lease was given back (a mark of deletion is left), or our own create was not answered.
      const found = await this.#read(call)
      if (found.kind === 'taken') return undefined
      return await this.#write(call, found.revision, this.#mark(holder))
    })
  }

  renew(holder: string, revision: LeaseRevision): Promise<LeaseRevision | undefined> {
    return this.#call(async (call) => {
      const renewed = await this.#write(call, revision, this.#mark(holder))
      if (renewed !== undefined) return renewed
      // A renewal that was not answered may have been applied. It is written again, because its TTL
      // began earlier.
      const found = await this.#read(call)
      if (found.kind !== 'ours') return undefined
      return await this.#write(call, found.revision, this.#mark(holder))
    })
  }

  async release(revision: LeaseRevision): Promise<void> {
    const before = this.#creates
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#call((call) => this.#giveBack(call, revision, before))
        return
      } catch (error) {
        if (tries < RELEASE_TRIES && !this.#options.link.ending.aborted) {
          // A write that was lost with its connection must not cost the next leader the whole TTL.
          await sleep(this.#around.clock, RELEASE_PAUSE_MS)
          continue
        }
        this.#around.log.warn({ reason: describeError(error) }, 'the lease was not given back')
        return
      }
    }
  }

  async #giveBack(call: Call, revision: LeaseRevision, createsBefore: number): Promise<void> {
    const released = await this.#write(call, revision, undefined)
    if (released !== undefined) return
    const found = await this.#read(call)
    // What we have taken again meanwhile is not what was to be given back.
    if (found.kind !== 'ours' || this.#creates !== createsBefore) return
    await this.#write(call, found.revision, undefined)
  }

  look(): Promise<LeaseHolder | undefined> {
    return this.#call(async (call) => {
      const { kind, text } = await this.#read(call)
      return kind === 'free' ? undefined : holderOf(text)
    })
  }

  #mark(holder: string): string {
    return `${holder} ${this.#life}`
  }

  /**
   * undefined when the key is not at this revision (0: there is no key). Without a text, the key is
   * deleted.
   */
  async #write(
    { connection, leftMs }: Call,
    revision: LeaseRevision,
    text: string | undefined,
  ): Promise<LeaseRevision | undefined> {
    try {
      const stored = await connection.jetstream().publish(this.#options.subject, text ?? '', {
        expect: { streamName: this.#options.bucket.name, lastSubjectSequence: revision },
        timeout: leftMs(),
        ...(text === undefined ? { headers: DELETED } : {}),
      })
      this.#around.troubles.allow('publish', this.#options.subject)
      return stored.seq
    } catch (error) {
      if (isJsError(error, JS_ERROR.wrongLastSequence)) return undefined
      throw error
    }
  }

  async #read({ connection, leftMs }: Call): Promise<Found> {
    const { streams } = await manage(connection, leftMs())
    try {
      // Asked of the leader, because a follower that lags may answer a direct get.
      const query = { last_by_subj: this.#options.subject }
      const message = await streams.getMessage(this.#options.bucket.name, query)
      const revision = message.seq
      if (message.header.get('KV-Operation') !== '') return { kind: 'free', revision, text: '' }
      const text = message.string()
      return { kind: text.endsWith(` ${this.#life}`) ? 'ours' : 'taken', revision, text }
    } catch (error) {
      if (isJsError(error, JS_ERROR.messageNotFound)) return { kind: 'free', revision: 0, text: '' }
      throw error
    }
  }

  async #call<Outcome>(work: (call: Call) => Promise<Outcome>): Promise<Outcome> {
    const { clock } = this.#around
    const deadline = clock.monotonicMs() + Math.min(CALL_MS_MAX, this.#options.ttlMs * CALL_SHARE)
    const connection = this.#options.link.connection()
    if (connection === undefined) throw new CodedError('LEASE_UNAVAILABLE', 'not connected to NATS')
    const leftMs = (): number => Math.max(1, deadline - clock.monotonicMs())
    try {
      return await work({ connection, leftMs })
    } catch (cause) {
      if (isNobodyThere(cause)) this.#options.bucket.restore()
      const reason = describeError(cause)
      throw new CodedError('LEASE_UNAVAILABLE', `the lease did not answer: ${reason}`, { cause })
    }
  }
}

const HOLDER_CHARS_MAX = 64
const ENGINE = /^(.+) ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/su

/** The key may hold any text. It is cut, and unprintable characters are removed. */
function holderOf(text: string): LeaseHolder {
  const [, engine] = ENGINE.exec(text) ?? []
  const shown = (engine ?? text)
    .slice(0, 4 * HOLDER_CHARS_MAX)
    .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '')
  return { name: shown.slice(0, HOLDER_CHARS_MAX), isEngine: engine !== undefined }
}
