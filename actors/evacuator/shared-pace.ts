/**
 * The one pace at which all evacuators of an engine send evacuations to Nova. Each says what it would ask for next and is
 * told what it may; what is in flight counts until it says that it is over, or stops.
 */
import { isCoded } from '../../schema/errors.ts'
import type { MoveId, SegmentId } from '../../schema/ids.ts'
import type { Cancel, ClockPort } from '../ports/clock.ts'
import { nextAllowed, Traffic, type Bid, type Caps, type Flight } from './fair-share.ts'
import { paced, quickened, startPace, type Answer, type Pace } from './pacing.ts'

/** One life of an evacuator: what it holds is given back when its signal ends. */
export interface Sharer {
  readonly segment: SegmentId
  readonly signal: AbortSignal
}

interface SentFlight extends Flight {
  /** When it was allowed or found, monotonic ms. */
  readonly sinceMs: number
}

interface Share {
  readonly segment: SegmentId
  readonly inFlight: Map<MoveId, SentFlight>
  bids: readonly Bid[]
  answer: (allowed: readonly Bid[]) => void
}

/** After so long without an evacuation nothing is known about Nova any more. */
const FORGET_MS = 60_000
/** Who is busy and does not say for how long is left alone for a second. */
const PATIENCE_MS = 1000
/** Nova's word is taken up to here: a wrong header must not stop a recovery for a day. */
const PATIENCE_MS_MAX = 300_000

export class SharedPace {
  readonly #clock: ClockPort
  readonly #caps: Caps
  readonly #shares = new Map<AbortSignal, Share>()
  #pace: Pace
  #idleSinceMs = 0
  #cancelWaking: Cancel = () => {}

  constructor(clock: ClockPort, caps: Caps) {
    this.#clock = clock
    this.#caps = caps
    this.#pace = startPace(caps.overall)
  }

  /** Resolves with some of the bids once they may be asked for; with none when another question has taken its place. */
  async ask(sharer: Sharer, bids: readonly Bid[]): Promise<readonly Bid[]> {
    if (sharer.signal.aborted) return []
    const share = this.#shareOf(sharer)
    share.answer([])
    const { promise, resolve } = Promise.withResolvers<readonly Bid[]>()
    share.bids = bids
    share.answer = resolve
    if (bids.length === 0) resolve([])
    this.#allow()
    return promise
  }

  /** Counts what is under way, asked for or found, and no longer what is over. */
  note(sharer: Sharer, underWay: readonly Flight[], over: readonly MoveId[]): void {
    if (sharer.signal.aborted) return
    const { inFlight } = this.#shareOf(sharer)
    const { waiting } = new Traffic(this.#shares.values())
    const atMs = this.#clock.monotonicMs()
    for (const flight of underWay) {
      const known = inFlight.get(flight.move)
      if (known?.begun === false && flight.begun) this.#quicken(known.sinceMs, atMs, waiting)
      inFlight.set(flight.move, { ...flight, sinceMs: known?.sinceMs ?? atMs })
    }
    for (const move of over) inFlight.delete(move)
    this.#allow()
  }

  /** How long Nova is still to be left alone, ms. */
  patienceMs(): number {
    return Math.max(0, this.#pace.notBeforeMs - this.#clock.monotonicMs())
  }

  /** An evacuate request: its answer tells how Nova is. */
  async measure(request: () => Promise<void>): Promise<void> {
    const askedAtMs = this.#clock.monotonicMs()
    await this.heed(request)
    this.#answered({ askedAtMs, what: { kind: 'taken' } })
  }

  /** Any other request: only trouble counts. */
  async heed<Value>(request: () => Promise<Value>): Promise<Value> {
    const askedAtMs = this.#clock.monotonicMs()
    try {
      return await request()
    } catch (error) {
      const what = troubleOf(error)
      if (what !== undefined) this.#answered({ askedAtMs, what })
      throw error
    }
  }

  #shareOf({ segment, signal }: Sharer): Share {
    const known = this.#shares.get(signal)
    if (known !== undefined) return known
    this.#forgetOldNews()
    const share: Share = { segment, inFlight: new Map(), bids: [], answer: () => {} }
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

  #forgetOldNews(): void {
    const idleMs = this.#clock.monotonicMs() - this.#idleSinceMs
    if (this.#shares.size > 0 || idleMs < FORGET_MS) return
    const { notBeforeMs } = this.#pace
    this.#pace = { ...startPace(this.#caps.overall), notBeforeMs }
  }

  #answered(answer: Omit<Answer, 'atMs'>): void {
    const atMs = this.#clock.monotonicMs()
    this.#pace = paced(this.#pace, { ...answer, atMs })
    this.#allow()
  }

  #quicken(askedAtMs: number, atMs: number, waiting: number): void {
    const ceiling = this.#caps.overall
    this.#pace = quickened(this.#pace, { askedAtMs, atMs }, { waiting, ceiling })
  }

  #allow(): void {
    this.#cancelWaking()
    const patienceMs = this.patienceMs()
    if (patienceMs > 0) {
      this.#cancelWaking = this.#clock.schedule(patienceMs, () => this.#allow())
      return
    }
    const traffic = new Traffic(this.#shares.values())
    const sinceMs = this.#clock.monotonicMs()
    const allowed = new Map<Share, Bid[]>()
    while (traffic.waiting < this.#pace.limit) {
      const next = nextAllowed(this.#shares.values(), traffic, this.#caps)
      if (next === undefined) break
      const { bidder, bid } = next
      bidder.inFlight.set(bid.move, { ...bid, begun: false, sinceMs })
      traffic.add(bidder.segment, { ...bid, begun: false })
      allowed.set(bidder, [...(allowed.get(bidder) ?? []), bid])
    }
    for (const [share, bids] of allowed) {
      share.bids = []
      share.answer(bids)
    }
  }
}

/** What an error of Nova's says about how it is; undefined when it is well and only said no. */
function troubleOf(error: unknown): Answer['what'] | undefined {
  if (isCoded(error, 'COMPUTE_OUTCOME_UNKNOWN')) return { kind: 'silent' }
  if (!isCoded(error, ...BUSY)) return undefined
  const askedMs = (error.retryAfterSeconds ?? 0) * 1000
  return { kind: 'busy', patienceMs: Math.min(PATIENCE_MS_MAX, Math.max(PATIENCE_MS, askedMs)) }
}

/** Nova did nothing, and may do it later. */
export const BUSY = [
  'COMPUTE_BUSY',
  'COMPUTE_UNAVAILABLE',
  'IDENTITY_UNAVAILABLE',
  'IDENTITY_REFUSED',
] as const
