/** Waits for something that can only be seen from outside. */
import { setTimeout as delay } from 'node:timers/promises'

/** Resolves when the condition holds; throws with a description when it takes too long. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
  everyMs = 20,
): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await delay(everyMs)
  }
}
