/**
 * How many evacuations Nova may have before it that it has not begun: more while it begins them soon, half as many when it is
 * in trouble. What it has begun is between its compute hosts, and only the caps bound it. Pure.
 */

export interface Pace {
  readonly limit: number
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

/** An evacuation that Nova was seen to have begun. */
export interface Begun {
  readonly askedAtMs: number
  readonly atMs: number
}

/** A careful start. */
const START = 8
/** Begun soon: looks are three seconds apart, and a request takes up to a second. */
const SOON_MS = 4000
/** An answer that takes longer shows a Nova in trouble; of eight requests at once some take half as long on a small controller. */
const TROUBLE_MS = 5000

/** The pace of somebody who knows nothing about Nova yet. */
export const startPace = (ceiling: number): Pace => ({
  limit: Math.min(START, ceiling),
  heededMs: -1,
  notBeforeMs: 0,
})

/** The pace after an answer. */
export function paced(pace: Pace, { askedAtMs, atMs, what }: Answer): Pace {
  switch (what.kind) {
    case 'busy': {
      const notBeforeMs = Math.max(pace.notBeforeMs, atMs + what.patienceMs)
      return { ...halved(pace, askedAtMs, atMs), notBeforeMs }
    }
    case 'silent':
      return halved(pace, askedAtMs, atMs)
    case 'taken':
      return atMs - askedAtMs > TROUBLE_MS ? halved(pace, askedAtMs, atMs) : pace
  }
}

/** The pace after Nova has begun one of so many: one more, unless they were few or it took long. */
export function quickened(
  pace: Pace,
  { askedAtMs, atMs }: Begun,
  { waiting, ceiling }: { readonly waiting: number; readonly ceiling: number },
): Pace {
  const isSoon = atMs - askedAtMs <= SOON_MS && askedAtMs > pace.heededMs
  // A limit that nobody has reached says nothing about the next one.
  const grows = isSoon && 2 * waiting >= pace.limit && pace.limit < ceiling
  return grows ? { ...pace, limit: pace.limit + 1 } : pace
}

/** Once for all that was asked before: many requests meet the same trouble. */
function halved(pace: Pace, askedAtMs: number, atMs: number): Pace {
  if (askedAtMs <= pace.heededMs) return pace
  return { ...pace, limit: Math.max(1, Math.floor(pace.limit / 2)), heededMs: atMs }
}
