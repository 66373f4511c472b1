/** Repeats something with exponential backoff and jitter, until it works or its owner ends. */
import { describeError } from '../../schema/errors.ts'
import { sleep, type ClockPort, type RandomPort } from '../../actors/ports/clock.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { Troubles } from './troubles.ts'

/** What every part of this transport needs from the process. */
export interface Surroundings {
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly log: LogPort
  readonly troubles: Troubles
}

const BACKOFF_MS_MIN = 200
const BACKOFF_MS_MAX = 2000

/** The first success of `attempt`; undefined when `signal` aborts before. */
export async function untilItWorks<Outcome>(
  around: Surroundings,
  goal: { readonly what: string; readonly signal: AbortSignal },
  attempt: () => Promise<Outcome>,
): Promise<Outcome | undefined> {
  let lastFailure = ''
  for (let failures = 0; !goal.signal.aborted; failures += 1) {
    try {
      const outcome = await attempt()
      around.troubles.work(goal.what)
      return outcome
    } catch (error) {
      const failure = describeError(error)
      // An unchanged reason is logged once, so that an outage of hours does not fill the log.
      if (failure !== lastFailure) around.log.warn({ reason: failure }, `cannot ${goal.what} yet`)
      lastFailure = failure
      around.troubles.fail(goal.what, failure)
    }
    await sleep(around.clock, backoffMs(failures, around.random), goal.signal)
  }
  return undefined
}

function backoffMs(failures: number, random: RandomPort): number {
  const full = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failures, 10))
  return full * (0.75 + random.next() / 2)
}
