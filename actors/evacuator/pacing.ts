/** How many evacuations may be in flight: one more with each quick answer of Nova, half as many when it is in trouble. Pure. */

export interface Pace {
  readonly limit: number
  /** The quickest answer to an evacuate request, ms; null before the first. */
  readonly bestMs: number | null
  /** What was asked until then tells of a trouble that has been heeded, monotonic ms. */
  readonly heededMs: number
  /** Nothing may be asked before, monotonic ms: Nova said so. */
  readonly notBeforeMs: number
}

/** What became of something that was asked of Nova. */
export interface Answer {
  readonly askedAtMs: number
  readonly atMs: number
  readonly what:
    | { readonly kind: 'taken' } // an evacuation was accepted
    | { readonly kind: 'busy'; readonly patienceMs: number }
    | { readonly kind: 'silent' } // or broken: nobody knows
}

/** A careful start. */
const START = 8
/** An answer within a second is a quick one, however quick others were: a request of eight takes three times as long as one alone. */
const QUICK_MS = 1000
const QUICK_TIMES = 2
/** No longer one is quick, however slow others were. */
const QUICK_MS_MAX = 3000
/** An answer that takes so many times longer than a quick one shows a Nova in trouble. */
const TROUBLE_TIMES = 2

/** The pace of somebody who knows nothing about Nova yet. */
export const startPace = (ceiling: number): Pace => ({
  limit: Math.min(START, ceiling),
  bestMs: null,
  heededMs: -1,
  notBeforeMs: 0,
})

/** The pace after an answer; `inFlight` is what counts against its limit. */
export function paced(
  pace: Pace,
  { askedAtMs, atMs, what }: Answer,
  { inFlight, ceiling }: { readonly inFlight: number; readonly ceiling: number },
): Pace {
  switch (what.kind) {
    case 'busy': {
      const notBeforeMs = Math.max(pace.notBeforeMs, atMs + what.patienceMs)
      return { ...halved(pace, askedAtMs, atMs), notBeforeMs }
    }
    case 'silent':
      return halved(pace, askedAtMs, atMs)
    case 'taken': {
      const tookMs = atMs - askedAtMs
      const bestMs = Math.min(pace.bestMs ?? tookMs, tookMs)
      const quickMs = Math.min(QUICK_MS_MAX, Math.max(QUICK_MS, QUICK_TIMES * bestMs))
      if (tookMs > TROUBLE_TIMES * quickMs) return { ...halved(pace, askedAtMs, atMs), bestMs }
      // A limit that nobody has reached says nothing about the next one.
      const grows = tookMs <= quickMs && 2 * inFlight >= pace.limit
      return { ...pace, bestMs, limit: Math.min(ceiling, pace.limit + (grows ? 1 : 0)) }
    }
  }
}

/** Once for all that was asked before: many requests meet the same trouble. */
function halved(pace: Pace, askedAtMs: number, atMs: number): Pace {
  if (askedAtMs <= pace.heededMs) return pace
  return { ...pace, limit: Math.max(1, Math.floor(pace.limit / 2)), heededMs: atMs }
}
