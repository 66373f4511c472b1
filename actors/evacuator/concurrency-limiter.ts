/**
 * The concurrency limiter of all evacuators of a leader. An evacuator asks for the evacuations that it would request of Nova next,
 * and is allowed some of them. What is in flight counts until its evacuator says that it is over, or stops.
 */
import { isCoded } from '../../schema/errors.ts'
import type { MoveId, SegmentId } from '../../schema/ids.ts'
import type { Cancel, ClockPort } from '../ports/clock.ts'
import {
  nextAllowed,
  Traffic,
  type Caps,
  type EvacuationRequest,
  type InFlightEvacuation,
} from './fair-share.ts'

/** One run of an evacuator. Its evacuations in flight stop counting when its signal ends. */
export interface Client {
  readonly segment: SegmentId
  readonly signal: AbortSignal
}

interface Counted extends InFlightEvacuation {
  /** When the evacuation was allowed or found, monotonic ms. */
  readonly sinceMs: number
}

interface Share {
  readonly segment: SegmentId
  readonly inFlight: Map<MoveId, Counted>
  requests: readonly EvacuationRequest[]
  answer: (allowed: readonly EvacuationRequest[]) => void
}

/**
 * An evacuation that Nova has not begun after so many ms may be stuck there until its deadline: its target has died, or nobody works
 * on it. It says nothing about Nova's load any more, and others must not wait for it.
 */
const STUCK_MS = 30_000
/** After so many ms without an evacuation, what was learned about Nova's load is out of date. */
const FORGET_MS = 60_000
/** The pause when Nova is busy and names no time in Retry-After, ms. */
const RETRY_AFTER_MS = 1000
/**
 * The longest Retry-After that is obeyed, ms: a wrong header must not stop a recovery for a day.
 */
const RETRY_AFTER_MS_MAX = 300_000

export class ConcurrencyLimiter {
  readonly #clock: ClockPort
  readonly #caps: Caps
  readonly #shares = new Map<AbortSignal, Share>()
  #limit: AimdLimit
  #idleSinceMs = 0
  #cancelWaking: Cancel = () => {}

  constructor(clock: ClockPort, caps: Caps) {
    this.#clock = clock
    this.#caps = caps
    this.#limit = startLimit(caps.overall)
  }

  /** How many evacuations are in flight. */
  get size(): number {
    return [...this.#shares.values()].reduce((sum, { inFlight }) => sum + inFlight.size, 0)
  }

  /**
   * Resolves with some of the requests when they are allowed; with none when the client asks again,
   * or stops.
   */
  async ask(
    client: Client,
    requests: readonly EvacuationRequest[],
  ): Promise<readonly EvacuationRequest[]> {
    if (client.signal.aborted) return []
    const share = this.#shareOf(client)
    share.answer([])
    const { promise, resolve } = Promise.withResolvers<readonly EvacuationRequest[]>()
    share.requests = requests
    share.answer = resolve
    if (requests.length === 0) resolve([])
    this.#allow()
    return promise
  }

  /** Counts these evacuations as in flight, and stops counting those that are over. */
  note(client: Client, inFlight: readonly InFlightEvacuation[], over: readonly MoveId[]): void {
    if (client.signal.aborted) return
    const share = this.#shareOf(client)
    const { waiting } = this.#traffic()
    const atMs = this.#clock.monotonicMs()
    for (const evacuation of inFlight) {
      const known = share.inFlight.get(evacuation.move)
      if (known?.begun === false && evacuation.begun) this.#increase(known.sinceMs, atMs, waiting)
      share.inFlight.set(evacuation.move, { ...evacuation, sinceMs: known?.sinceMs ?? atMs })
    }
    for (const move of over) share.inFlight.delete(move)
    this.#allow()
  }

  /** How long no evacuation may be requested yet because Nova is busy, ms. */
  retryAfterMs(): number {
    return Math.max(0, this.#limit.notBeforeMs - this.#clock.monotonicMs())
  }

  /** Sends an evacuate request and adjusts the limit by its answer. */
  async measure(request: () => Promise<void>): Promise<void> {
    const askedAtMs = this.#clock.monotonicMs()
    await this.watch(request)
    this.#answered({ askedAtMs, what: { kind: 'taken' } })
  }

  /** Sends any other request. Only an error that shows trouble of Nova's changes the limit. */
  async watch<Value>(request: () => Promise<Value>): Promise<Value> {
    const askedAtMs = this.#clock.monotonicMs()
    try {
      return await request()
    } catch (error) {
      const what = troubleOf(error)
      if (what !== undefined) this.#answered({ askedAtMs, what })
      throw error
    }
  }

  #shareOf({ segment, signal }: Client): Share {
    const known = this.#shares.get(signal)
    if (known !== undefined) return known
    this.#forgetOldTrouble()
    const share: Share = { segment, inFlight: new Map(), requests: [], answer: () => {} }
    this.#shares.set(signal, share)
    signal.addEventListener('abort', () => this.#leave(signal, share), { once: true })
    return share
  }

  #leave(signal: AbortSignal, share: Share): void {
    this.#shares.delete(signal)
    share.answer([])
    if (this.#shares.size === 0) this.#idleSinceMs = this.#clock.monotonicMs()
    this.#allow()
  }

  #forgetOldTrouble(): void {
    const idleMs = this.#clock.monotonicMs() - this.#idleSinceMs
    if (this.#shares.size > 0 || idleMs < FORGET_MS) return
    const { notBeforeMs } = this.#limit
    this.#limit = { ...startLimit(this.#caps.overall), notBeforeMs }
  }

  #answered(answer: Omit<NovaAnswer, 'atMs'>): void {
    const atMs = this.#clock.monotonicMs()
    this.#limit = afterAnswer(this.#limit, { ...answer, atMs })
    this.#allow()
  }

  #increase(askedAtMs: number, atMs: number, waiting: number): void {
    const ceiling = this.#caps.overall
    this.#limit = afterBegun(this.#limit, { askedAtMs, atMs }, { waiting, ceiling })
  }

  #allow(): void {
    this.#cancelWaking()
    const afterMs = this.retryAfterMs()
    if (afterMs > 0) {
      this.#cancelWaking = this.#clock.schedule(afterMs, () => this.#allow())
      return
    }
    const traffic = this.#traffic()
    const sinceMs = this.#clock.monotonicMs()
    const allowed = new Map<Share, EvacuationRequest[]>()
    while (traffic.waiting < this.#limit.limit) {
      const next = nextAllowed(this.#shares.values(), traffic, this.#caps)
      if (next === undefined) break
      const { requester, request } = next
      requester.inFlight.set(request.move, { ...request, begun: false, sinceMs })
      traffic.add(requester.segment, { ...request, begun: false })
      allowed.set(requester, [...(allowed.get(requester) ?? []), request])
    }
    for (const [share, requests] of allowed) {
      share.requests = []
      share.answer(requests)
    }
    this.#wakeWhenStuck()
  }

  /** What counts now. One that is stuck only counts against the caps. */
  #traffic(): Traffic {
    const stuckSinceMs = this.#clock.monotonicMs() - STUCK_MS
    const traffic = new Traffic()
    for (const { segment, inFlight } of this.#shares.values()) {
      for (const { target, begun, sinceMs } of inFlight.values()) {
        traffic.add(segment, { target, begun: begun || sinceMs <= stuckSinceMs })
      }
    }
    return traffic
  }

  /** When the oldest that waits in Nova has become stuck, others may be allowed. */
  #wakeWhenStuck(): void {
    const shares = [...this.#shares.values()]
    if (shares.every(({ requests }) => requests.length === 0)) return
    const nowMs = this.#clock.monotonicMs()
    const untilStuck = shares
      .flatMap(({ inFlight }) => [...inFlight.values()])
      .filter(({ begun }) => !begun)
      .map(({ sinceMs }) => sinceMs + STUCK_MS - nowMs)
      .filter((ms) => ms > 0)
    if (untilStuck.length === 0) return
    this.#cancelWaking = this.#clock.schedule(Math.min(...untilStuck), () => this.#allow())
  }
}

/** What an error of Nova's says about its load; undefined when Nova only refused the request. */
function troubleOf(error: unknown): NovaAnswer['what'] | undefined {
  if (isCoded(error, 'COMPUTE_OUTCOME_UNKNOWN')) return { kind: 'silent' }
  if (!isCoded(error, ...BUSY)) return undefined
  const namedMs = (error.retryAfterSeconds ?? 0) * 1000
  const retryAfterMs = Math.min(RETRY_AFTER_MS_MAX, Math.max(RETRY_AFTER_MS, namedMs))
  return { kind: 'busy', retryAfterMs }
}

/** Errors after which Nova has done nothing, and may do it later. */
export const BUSY = [
  'COMPUTE_BUSY',
  'COMPUTE_UNAVAILABLE',
  'IDENTITY_UNAVAILABLE',
  'IDENTITY_REFUSED',
] as const

/**
 * The limit, by additive increase and multiplicative decrease (AIMD): how many requested
 * evacuations may wait in Nova that it has not begun. The limit grows by one while Nova begins them
 * soon, and is halved when Nova is in trouble. An evacuation that Nova has begun is work of its
 * compute hosts, and only the caps bound it.
 */
export interface AimdLimit {
  readonly limit: number
  /**
   * Trouble with a request that was sent before this time has already halved the limit, monotonic
   * ms.
   */
  readonly heededMs: number
  /** No evacuation may be requested before this time, monotonic ms, because Nova said so. */
  readonly notBeforeMs: number
}

/** The outcome of a request to Nova. */
export interface NovaAnswer {
  readonly askedAtMs: number
  readonly atMs: number
  readonly what:
    | { readonly kind: 'taken' } // an evacuation was accepted
    | { readonly kind: 'busy'; readonly retryAfterMs: number }
    | { readonly kind: 'silent' } // or broken: the outcome is unknown
}

/** An evacuation that Nova has begun, as a poll showed. */
export interface Begun {
  readonly askedAtMs: number
  readonly atMs: number
}

/** The limit at the start, a careful value. */
const START = 8
/**
 * An evacuation that begins within this time has begun soon, ms: polls are three seconds apart, and
 * a request takes up to a second.
 */
const SOON_MS = 4000
/**
 * A longer answer time means that Nova is in trouble, ms. On a small controller, some of eight
 * simultaneous requests take half as long.
 */
const TROUBLE_MS = 5000

/** The limit while nothing is known about Nova. */
export const startLimit = (ceiling: number): AimdLimit => ({
  limit: Math.min(START, ceiling),
  heededMs: -1,
  notBeforeMs: 0,
})

/** The limit after an answer: the same, or halved. */
export function afterAnswer(limit: AimdLimit, { askedAtMs, atMs, what }: NovaAnswer): AimdLimit {
  switch (what.kind) {
    case 'busy': {
      const notBeforeMs = Math.max(limit.notBeforeMs, atMs + what.retryAfterMs)
      return { ...halved(limit, askedAtMs, atMs), notBeforeMs }
    }
    case 'silent':
      return halved(limit, askedAtMs, atMs)
    case 'taken':
      return atMs - askedAtMs > TROUBLE_MS ? halved(limit, askedAtMs, atMs) : limit
  }
}

/**
 * The limit after Nova has begun a waiting evacuation: one more, unless few evacuations were
 * waiting or it took long.
 */
export function afterBegun(
  limit: AimdLimit,
  { askedAtMs, atMs }: Begun,
  { waiting, ceiling }: { readonly waiting: number; readonly ceiling: number },
): AimdLimit {
  const isSoon = atMs - askedAtMs <= SOON_MS && askedAtMs > limit.heededMs
  // A limit that was not reached is no evidence for a higher one.
  const grows = isSoon && 2 * waiting >= limit.limit && limit.limit < ceiling
  return grows ? { ...limit, limit: limit.limit + 1 } : limit
}

/**
 * Halves the limit once for all requests that were sent before: many requests meet the same
 * trouble.
 */
function halved(limit: AimdLimit, askedAtMs: number, atMs: number): AimdLimit {
  if (askedAtMs <= limit.heededMs) return limit
  return { ...limit, limit: Math.max(1, Math.floor(limit.limit / 2)), heededMs: atMs }
}
