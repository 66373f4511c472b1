/**
 * Whether what the hypervisor says about a guest refutes the report about it (decision 0024). Pure.
 */
import type { GuestDiagnostics } from '../ports/compute.ts'

/**
 * The kinds of reported faults. stopped: the emulator has ended, or is about to end; hung: the
 * guest does nothing any more; io-error: its disks fail, although it may run on otherwise.
 */
export type GuestFault = 'stopped' | 'hung' | 'io-error'

/**
 * The time between two readings of a guest, ms. After it, a guest that is stopping has stopped, and
 * a working guest has done something.
 */
export const LOOKS_APART_MS = 5000

/**
 * What the two readings show that contradicts the report; undefined when the report may be true.
 */
export function refutation(
  fault: GuestFault,
  before: GuestDiagnostics,
  after: GuestDiagnostics,
): string | undefined {
  if (!runs(before) || !runs(after)) return undefined
  if (fault === 'stopped') return 'it is reported as stopped, and its hypervisor runs it'
  const packets = after.packetsSent - before.packetsSent
  const writes = after.writesDone - before.writesDone
  const isAtWork = writes > 0 || (packets > 0 && fault === 'hung')
  if (!isAtWork) return undefined
  const claim = fault === 'hung' ? 'hung' : 'unable to use its disks'
  const did = `sent ${Math.max(0, packets)} packets and finished ${Math.max(0, writes)} writes`
  return `it is reported as ${claim}, and it has ${did} in ${LOOKS_APART_MS / 1000} s`
}

/** Whether a second reading can refute the report. */
export const runs = ({ state }: GuestDiagnostics): boolean => state === 'running'
