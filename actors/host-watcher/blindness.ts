/** When an observer must not trust its own eyes (promise I5). Pure. */
import type { HostState } from '../../schema/messages/observation.ts'

/** Undefined while it sees; else why it does not: most of what it watches seems to fail at once. */
export function blindByCount(states: Iterable<HostState>): string | undefined {
  let watched = 0
  let failing = 0
  for (const state of states) {
    if (state === 'misconfigured' || state === 'blind' || state === 'maintenance') continue
    watched += 1
    if (state === 'dead' || state === 'suspect') failing += 1
  }
  if (failing <= Math.max(1, watched / 2)) return undefined
  return `${failing} of ${watched} hosts seem to fail at once: rather it is this observer`
}

/** Undefined while the event loop keeps time; else how late it was: probes may have timed out for want of a turn. */
export function blindByStall(sinceLastTickMs: number, tickMs: number): string | undefined {
  const lateMs = sinceLastTickMs - tickMs
  if (lateMs < STALL_MS) return undefined
  return `this process stood still for ${Math.round(lateMs)} ms`
}

/** Shorter than any probe's time-out. */
const STALL_MS = 1500

/**
 * Undefined while what is always there can be reached; else what cannot: then hosts that cannot be reached prove nothing. `unreached`:
 * why no configured anchor is.
 */
export const blindByAnchor = (
  bus: 'connected' | 'away',
  unreached: string | undefined,
): string | undefined => (bus === 'away' ? 'this observer does not reach the bus' : unreached)
