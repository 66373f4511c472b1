/** Tells the checker what a process does to the world, at the moment when it does it. */
import { isCoded } from '../../schema/errors.ts'
import type { Interception } from './life.ts'
import type { InvariantChecker } from './invariant-checker.ts'

/** Calls of the Compute port that start a guest. */
const STARTING: readonly string[] = ['start', 'hardReboot', 'rebuild']

/** Those of them that stop what the guest is doing. */
const REBOOTING: readonly string[] = ['hardReboot', 'rebuild']

export const witnessCompute =
  (checker: InvariantChecker, node: string): Interception =>
  (method, [first, second], call) => {
    if (method === 'evacuate') {
      const target = typeof second === 'string' ? second : undefined
      checker.evacuate(node, String(first), target)
      return heeding({ checker, node, instance: String(first) }, call)
    }
    if (method === 'isolate') checker.isolate(node)
    if (method === 'enable') checker.enable(node, String(first))
    if (STARTING.includes(method)) checker.startGuest(node, String(first))
    if (REBOOTING.includes(method)) checker.guests.reboots(node, String(first))
    return call()
  }

/** The checker sees Nova's answer to an evacuate request before the process sees it. */
async function heeding(asking: Asking, call: () => unknown): Promise<unknown> {
  const { checker, node, instance } = asking
  try {
    return await call()
  } catch (error) {
    if (isCoded(error) && error.retryAfterSeconds !== undefined) {
      checker.concurrency.asksForPatience(node, error.retryAfterSeconds)
    }
    throw error
  } finally {
    checker.concurrency.answered(instance)
  }
}

interface Asking {
  readonly checker: InvariantChecker
  readonly node: string
  readonly instance: string
}

export const witnessFenceAgent =
  (checker: InvariantChecker, node: string): Interception =>
  (method, [first], call) => {
    if (method === 'off' && typeof first === 'object' && first !== null && 'host' in first) {
      checker.cutOff(node, String(first.host))
    }
    return call()
  }

export const witnessPower =
  (checker: InvariantChecker, node: string): Interception =>
  (method, [first], call) => {
    if (method === 'off' && typeof first === 'object' && first !== null && 'address' in first) {
      checker.powerOff(node, String(first.address))
    }
    return call()
  }
