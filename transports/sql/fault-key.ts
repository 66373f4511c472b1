/** What all reports of one fault have in common. */
import { createHash } from 'node:crypto'
import type { NewNotification } from '../../actors/ports/store.ts'
import { nameKey, payloadText } from './rows.ts'

/**
 * Observers of one dead host may differ in the other fields (`cluster_status`) and still mean one
 * recovery.
 */
export const SAME_FAULT = ['event', 'host_status'] as const

/** Equal for all reports that may be one fault: SHA-256 as 64 hexadecimal digits. */
export function faultKey({ type, hostName, payload }: NewNotification): string {
  const fault =
    type === 'COMPUTE_HOST' ? SAME_FAULT.map((key) => payload[key] ?? null) : payloadText(payload)
  return createHash('sha256')
    .update(JSON.stringify([nameKey(hostName), type, fault]))
    .digest('hex')
}
