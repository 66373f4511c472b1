/** Shows the watchdog what a process does to the world, at the moment when it does it. */
import { isCoded } from '../../schema/errors.ts'
import type { Interception } from './life.ts'
import type { Watchdog } from './watchdog.ts'

/** Calls of the Compute port that bring a guest to life. */
const STARTING: readonly string[] = ['start', 'hardReboot', 'rebuild']

/** Of these, those that end what the guest is doing. */
const REBOOTING: readonly string[] = ['hardReboot', 'rebuild']

export const witnessCompute =
  (watchdog: Watchdog, node: string): Interception =>
  (method, [first, second], call) => {
    if (method === 'evacuate') {
      const target = typeof second === 'string' ? second : undefined
      watchdog.evacuate(node, String(first), target)
      return heeding({ watchdog, node, instance: String(first) }, call)
    }
    if (method === 'isolate') watchdog.isolate(node)
    if (method === 'enable') watchdog.enable(node, String(first))
    if (STARTING.includes(method)) watchdog.startGuest(node, String(first))
    if (REBOOTING.includes(method)) watchdog.guests.reboots(node, String(first))
    return call()
  }

/** What Nova answers to an evacuate request is seen before whoever asked sees it. */
async function heeding(asking: Asking, call: () => unknown): Promise<unknown> {
  const { watchdog, node, instance } = asking
  try {
    return await call()
  } catch (error) {
    if (isCoded(error) && error.retryAfterSeconds !== undefined) {
      watchdog.pace.asksForPatience(node, error.retryAfterSeconds)
    }
    throw error
  } finally {
    watchdog.pace.answered(instance)
  }
}

interface Asking {
  readonly watchdog: Watchdog
  readonly node: string
  readonly instance: string
}

export const witnessFenceAgent =
  (watchdog: Watchdog, node: string): Interception =>
  (method, [first], call) => {
    if (method === 'off' && typeof first === 'object' && first !== null && 'host' in first) {
      watchdog.cutOff(node, String(first.host))
    }
    return call()
  }

export const witnessPower =
  (watchdog: Watchdog, node: string): Interception =>
  (method, [first], call) => {
    if (method === 'off' && typeof first === 'object' && first !== null && 'address' in first) {
      watchdog.powerOff(node, String(first.address))
    }
    return call()
  }
