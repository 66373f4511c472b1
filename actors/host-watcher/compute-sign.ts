/** What Nova's row of a compute service shows of its host. Pure. */
import type { ComputeService } from '../ports/compute.ts'
import type { SignOf } from './failure-detector.ts'

export interface ComputeSign {
  readonly sign: SignOf<'compute'>
  readonly detail: string
  /** By our monotonic clock. */
  readonly writtenAtMs: number
}

/**
 * Undefined when its nova-compute was never heard of. A row that is disabled or forced down is written by people, and by us: it tells
 * nothing of nova-compute.
 */
export function computeSign(service: ComputeService, atMs: number): ComputeSign | undefined {
  const { up, disabled, forcedDown, writtenAgoMs } = service
  if (writtenAgoMs === null) return undefined
  const writtenAtMs = atMs - Math.max(0, writtenAgoMs)
  if (disabled || forcedDown) {
    const detail = forcedDown ? 'its service is forced down' : 'its service is disabled'
    return { sign: 'withheld', detail, writtenAtMs }
  }
  return up
    ? { sign: 'writing', detail: 'nova-compute writes to Nova', writtenAtMs }
    : { sign: 'silent', detail: 'nova-compute does not write to Nova', writtenAtMs }
}
