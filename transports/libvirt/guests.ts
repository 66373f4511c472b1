/** The Guest port on libvirt: it connects again after every loss, and begins with a snapshot after every gap. */
import { setMaxListeners } from 'node:events'
import { sleep, type ClockPort } from '../../actors/ports/clock.ts'
import type { DaemonHealth, GuestNews, GuestPort, GuestSign } from '../../actors/ports/guest.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import { isCoded } from '../../schema/errors.ts'
import type { InstanceId } from '../../schema/ids.ts'
import type { HypervisorLocation } from '../../schema/config/option.ts'
import { LibvirtSession } from './session.ts'

const BACKOFF_MS_MIN = 200
const BACKOFF_MS_MAX = 5000
/** News that the instance watcher has not fetched. When there are this many, a snapshot replaces them. */
const NEWS_MAX = 10_000
/** A daemon that sent something within this time answers: it is asked every 5 s. */
const ANSWERS_MS = 15_000

export interface LibvirtOptions {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly location: HypervisorLocation
}

/** Guests of one libvirt daemon. */
export class LibvirtGuests implements GuestPort, AsyncDisposable {
  readonly #options: LibvirtOptions
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  #session: LibvirtSession | undefined
  #news: GuestNews[] = []
  #isBeginning = true
  #wake: () => void = () => {}
  #triedAtMs: number | undefined

  constructor(options: LibvirtOptions) {
    setMaxListeners(0, this.#stopping.signal)
    this.#options = options
    this.#running = this.#stayConnected()
  }

  async news(from: 'snapshot' | 'last-call', signal: AbortSignal): Promise<readonly GuestNews[]> {
    if (from === 'snapshot') this.#beginAnew()
    while (this.#news.length === 0 && !signal.aborted) await this.#something(signal)
    if (signal.aborted) return []
    const news = this.#news
    this.#news = []
    return news
  }

  async heartbeats(
    instances: readonly InstanceId[],
    timeoutMs: number,
  ): Promise<ReadonlyMap<InstanceId, GuestSign>> {
    if (instances.length === 0) return new Map()
    const signs = await this.#session?.heartbeats(instances, timeoutMs)
    return new Map(instances.map((instance) => [instance, signs?.get(instance) ?? 'unknown']))
  }

  /** By the last message of the daemon, including answers to keepalive messages. */
  health(): DaemonHealth {
    const { clock } = this.#options
    if (this.#session !== undefined) {
      const ageMs = clock.monotonicMs() - this.#session.heardAtMs
      return { daemon: ageMs < ANSWERS_MS ? 'answers' : 'silent', ageMs }
    }
    if (this.#triedAtMs === undefined) return { daemon: 'unknown', ageMs: 0 }
    return { daemon: 'silent', ageMs: clock.monotonicMs() - this.#triedAtMs }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#session?.[Symbol.dispose]()
    await this.#running
  }

  /** Until the next snapshot nothing is told. A session that opens at this moment may have told its own already. */
  #beginAnew(): void {
    const last = this.#news.findLastIndex(({ type }) => type === 'snapshot')
    this.#news = this.#session === undefined && last !== -1 ? this.#news.slice(last) : []
    this.#isBeginning = this.#news.length === 0
    this.#session?.tellAll().catch(() => undefined)
  }

  async #stayConnected(): Promise<void> {
    const { clock, log, location } = this.#options
    let backoffMs = BACKOFF_MS_MIN
    let isTold = false
    while (!this.#stopping.signal.aborted) {
      try {
        using session = await LibvirtSession.open(this.#options, location, (news) =>
          this.#tell(news),
        )
        log.info({}, 'libvirt answers')
        isTold = false
        const openedAtMs = clock.monotonicMs()
        this.#lost(await this.#live(session))
        // A daemon that ends each session at once is not asked at full speed.
        if (clock.monotonicMs() - openedAtMs > BACKOFF_MS_MAX) backoffMs = BACKOFF_MS_MIN
      } catch (error) {
        if (!isCoded(error, 'HYPERVISOR_UNAVAILABLE')) throw error
        this.#triedAtMs = clock.monotonicMs()
        if (!isTold) log.warn({ reason: error.message }, 'libvirt cannot be reached')
        isTold = true
      }
      await sleep(clock, backoffMs, this.#stopping.signal)
      backoffMs = Math.min(BACKOFF_MS_MAX, 2 * backoffMs)
    }
  }

  /** Runs until the session ends, and returns the reason. */
  async #live(session: LibvirtSession): Promise<string> {
    this.#session = session
    if (this.#stopping.signal.aborted) session[Symbol.dispose]()
    // The reason of the failure ends the session.
    session.tellAll().catch(() => undefined)
    return (await session.ended).message
  }

  #lost(reason: string): void {
    this.#session = undefined
    this.#triedAtMs = this.#options.clock.monotonicMs()
    if (!this.#stopping.signal.aborted) this.#tell({ type: 'lost', reason })
  }

  #tell(news: GuestNews): void {
    if (news.type === 'snapshot') this.#isBeginning = false
    if (this.#isBeginning) return
    if (this.#news.length >= NEWS_MAX) {
      this.#news = []
      this.#session?.[Symbol.dispose]()
      return
    }
    this.#news.push(news)
    this.#wake()
  }

  #something(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => {
      signal.removeEventListener('abort', wake)
      resolve()
    }
    signal.addEventListener('abort', wake, { once: true })
    this.#wake = wake
    return promise
  }
}
