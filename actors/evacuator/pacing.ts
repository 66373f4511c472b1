/** How many evacuations may be asked for at once: grows while Nova copes, halves when it does not. */

export interface Pace {
  readonly limit: number
  readonly ceiling: number
}

/** A careful start: eight at once, or fewer if the ceiling is lower. */
export function startPace(ceiling: number): Pace {
  return { limit: Math.min(8, ceiling), ceiling }
}

/** Nova took a request. */
export function speedUp(pace: Pace): Pace {
  return { ...pace, limit: Math.min(pace.ceiling, pace.limit + 1) }
}

/** Nova was busy, or did not answer. */
export function slowDown(pace: Pace): Pace {
  return { ...pace, limit: Math.max(1, Math.floor(pace.limit / 2)) }
}
