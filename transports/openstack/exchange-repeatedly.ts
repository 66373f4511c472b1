/** Repeats a harmless exchange while it fails for a temporary reason, within its deadline. */
import { sleep, type ClockPort, type RandomPort } from '../../actors/ports/clock.ts'
import type { HttpClient, HttpOutcome, HttpRequest, Limits } from './http-client.ts'

export interface Timing {
  readonly clock: ClockPort
  readonly random: RandomPort
}

const ATTEMPTS_MAX = 4
const BACKOFF_MS = 100
const BACKOFF_MS_MAX = 2000
const PASSING_STATUSES: readonly number[] = [429, 500, 502, 503, 504]

/**
 * The last outcome: a success, a lasting refusal, or the last failure when attempts or time ran
 * out.
 */
export async function exchangeRepeatedly(
  client: HttpClient,
  timing: Timing,
  request: HttpRequest,
  limits: Limits,
): Promise<HttpOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await client.exchange(request, limits)
    if (attempt === ATTEMPTS_MAX || !mayPass(outcome)) return outcome
    const pauseMs = pauseMsAfter(outcome, attempt, timing)
    if (timing.clock.monotonicMs() + pauseMs >= limits.deadlineMs) return outcome
    await sleep(timing.clock, pauseMs, limits.signal)
    limits.signal.throwIfAborted()
  }
}

/**
 * The seconds of a Retry-After header, which has a number or a date; undefined when there is none.
 */
export function retryAfterSeconds(outcome: HttpOutcome, clock: ClockPort): number | undefined {
  if (outcome.kind !== 'answered') return undefined
  const value = outcome.headers['retry-after']
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - clock.wallMs()) / 1000))
}

const mayPass = (outcome: HttpOutcome): boolean =>
  outcome.kind !== 'answered' || PASSING_STATUSES.includes(outcome.status)

function pauseMsAfter(outcome: HttpOutcome, attempt: number, timing: Timing): number {
  const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** (attempt - 1))
  const askedMs = (retryAfterSeconds(outcome, timing.clock) ?? 0) * 1000
  return Math.max(askedMs, backoffMs) * (1 + timing.random.next() / 2)
}
