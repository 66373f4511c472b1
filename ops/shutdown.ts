/**
 * Ends a process in order: it accepts no more work, hands leadership over, lets work in flight end,
 * and closes its ports.
 */
import type { LogPort } from '../actors/ports/log.ts'
import { describeError } from '../schema/errors.ts'

/** The limit for the whole shutdown. The next leader continues whatever is not done by then. */
const DEADLINE_MS = 9000

/**
 * One part that is ended. When it fails, the failure is logged and the other parts are still ended.
 */
export interface Ending {
  readonly name: string
  end(): Promise<void>
}

/** Ends a part by its disposal. The part is looked up then: it may not have been made. */
export const disposal = (name: string, part: () => AsyncDisposable | undefined): Ending => ({
  name,
  end: async () => await part()?.[Symbol.asyncDispose](),
})

/** Ends the parts one after the other. False when the deadline passed first. */
export async function endInOrder(endings: readonly Ending[], log: LogPort): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => late.resolve(false), DEADLINE_MS)
  const inOrder = async (): Promise<boolean> => {
    for (const ending of endings) {
      try {
        await ending.end()
      } catch (error) {
        log.error({ part: ending.name, error: describeError(error) }, 'could not be ended cleanly')
      }
    }
    return true
  }
  const done = await Promise.race([inOrder(), late.promise])
  clearTimeout(timer)
  if (!done) log.error({ deadlineMs: DEADLINE_MS }, 'shutdown deadline passed')
  return done
}

/**
 * Listens to SIGHUP from now on, so that one that comes early does not end the process. It acts once
 * `attach` has said what to do.
 */
export function listenToHangups(): { attach(act: () => void): void } {
  let attached: (() => void) | undefined
  let isAsked = false
  process.on('SIGHUP', () => {
    if (attached === undefined) isAsked = true
    else attached()
  })
  return {
    attach(act) {
      attached = act
      if (isAsked) act()
    },
  }
}

/** Resolves with the first signal that asks this process to end. */
export function untilAskedToEnd(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  process.once('SIGTERM', resolve)
  process.once('SIGINT', resolve)
  return promise
}
