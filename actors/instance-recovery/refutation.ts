/** Whether the hypervisor's own word refutes what was reported of a guest (decision 0024). Pure. */
import type { GuestDiagnostics } from '../ports/compute.ts'

/**
 * What a report amounts to. stopped: the emulator is gone, or about to go; hung: the guest does nothing any more; io-error: its disks
 * fail, though it may go on otherwise.
 */
export type GuestFault = 'stopped' | 'hung' | 'io-error'

/** Between two looks at a guest, ms: what is about to stop has stopped by then, and what lives has done something. */
export const LOOKS_APART_MS = 5000

/** What two looks show that cannot be when the report is true; undefined when it may be. */
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

/** Whether a second look can refute anything. */
export const runs = ({ state }: GuestDiagnostics): boolean => state === 'running'
