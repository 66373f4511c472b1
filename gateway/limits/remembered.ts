/**
 * Asks a question once for all callers that need the answer at the same time, and keeps the answer
 * for a while.
 */
import type { ClockPort } from '../../actors/ports/clock.ts'
import { BoundedCache } from './bounded-cache.ts'

/** How long answers are kept, and how many. */
export interface Memory {
  readonly ttlMs: number
  readonly answersMax: number
}

/** The answer for a key: a kept one, the one that is already being asked for, or a new one. */
export type Remember<Answer> = (key: string, ask: () => Promise<Answer>) => Promise<Answer>

/** Makes a new memory. A failure is not kept: only the callers that wait for it receive it. */
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
