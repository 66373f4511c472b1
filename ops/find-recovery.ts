/** Finds the recovery that an operator means by the name of a host. */
import type { StorePort } from '../actors/ports/store.ts'
import { hostName, isUuid, notificationId, type NotificationId } from '../schema/ids.ts'
import type { OperatorCommandKind } from '../schema/records.ts'

const LATEST = { limit: 1, sort: [{ key: 'created_at', direction: 'desc' }] } as const

/**
 * The unfinished recovery of the host, or the ended one that still holds it; for `retry` the latest
 * one.
 */
export async function findRecovery(
  store: StorePort,
  named: string,
  kind: OperatorCommandKind,
): Promise<NotificationId | undefined> {
  if (isUuid(named)) return notificationId(named.toLowerCase())
  const host = await store.findHost(hostName(named))
  if (host === undefined) return undefined
  if (kind === 'retry') {
    const about = { sourceHost: host.uuid, type: 'COMPUTE_HOST' }
    return (await store.listNotifications(about, LATEST))[0]?.uuid
  }
  const open = (await store.listUnfinished()).filter(
    ({ notification: { type, sourceHost } }) => type === 'COMPUTE_HOST' && sourceHost === host.uuid,
  )
  return open.at(-1)?.notification.uuid ?? host.maintenanceBy ?? undefined
}
