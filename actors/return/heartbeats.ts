/**
 * Nova believes in a heartbeat for a minute, so a new one is waited for. Its time is that of any write to the service's row, so
 * what changes the row otherwise, an operator's command or our own, is no heartbeat. Pure.
 */
import type { ComputeService } from '../ports/compute.ts'

/** What tells a heartbeat from another write. */
export type ServiceRow = Pick<
  ComputeService,
  'writtenAt' | 'disabled' | 'disabledReason' | 'forcedDown'
>

/** True when its nova-compute has written to Nova between two looks. */
export function isHeartbeat(before: ServiceRow | undefined, now: ServiceRow | undefined): boolean {
  if (before === undefined || now === undefined) return false
  if (before.writtenAt === null || now.writtenAt === null) return false
  return now.writtenAt > before.writtenAt && isUnchanged(before, now)
}

const isUnchanged = (before: ServiceRow, now: ServiceRow): boolean =>
  before.disabled === now.disabled &&
  before.disabledReason === now.disabledReason &&
  before.forcedDown === now.forcedDown
