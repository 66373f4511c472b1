/** One question for all who ask it at the same time, and its answer for a while. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import { BoundedCache } from './bounded-cache.ts'

/** How long answers count, and how many are kept. */
export interface Memory {
  readonly ttlMs: number
  readonly answersMax: number
}

/** The answer to a key's question: remembered, being asked for, or asked for now. */
export type Remember<Answer> = (key: string, ask: () => Promise<Answer>) => Promise<Answer>

/** A memory of its own. A failure is not remembered: it is the answer only of those who wait for it. */
export function remembered<Answer>(
  clock: ClockPort,
  { ttlMs, answersMax }: Memory,
): Remember<Answer> {
  const known = new BoundedCache<{ readonly answer: Answer }>(clock, answersMax)
  const asking = new Map<string, Promise<Answer>>()
  const renew: Remember<Answer> = async (key, ask) => {
    try {
      const answer = await ask()
      known.set(key, { answer }, ttlMs)
      return answer
    } finally {
      asking.delete(key)
    }
  }
  return async (key, ask) => {
    const kept = known.get(key)
    if (kept !== undefined) return kept.answer
    const running = asking.get(key) ?? renew(key, ask)
    asking.set(key, running)
    return await running
  }
}
