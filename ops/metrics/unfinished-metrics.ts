/** How many notifications have not ended, by their status, from the pages that the leader reads. */
import type { FaultPage, UnfinishedRecovery } from '../../actors/ports/store.ts'
import type { NotificationId } from '../../schema/ids.ts'
import type { NotificationStatus } from '../../schema/records.ts'
import type { Metrics } from './metrics.ts'

export class UnfinishedMetrics {
  /** Of the present round of pages. */
  #found = new Map<NotificationId, NotificationStatus>()
  /** Of the latest complete round. */
  #latest: ReadonlyMap<NotificationId, NotificationStatus> = new Map()

  constructor(metrics: Metrics) {
    metrics.sample(() => {
      const counts = Map.groupBy(this.#latest.values(), (status) => status)
      const samples = [...counts].map(([status, those]) => [those.length, { status }] as const)
      metrics.set('instance_ha_notifications_unfinished', ...samples)
    })
  }

  /** A page was read; without a page, everything. */
  read(page: FaultPage | undefined, recoveries: readonly UnfinishedRecovery[]): void {
    if (page === undefined || page.afterId === 0) this.#found = new Map()
    for (const { notification } of recoveries) {
      this.#found.set(notification.uuid, notification.status)
    }
    const small = recoveries.filter(({ notification }) => notification.type !== 'COMPUTE_HOST')
    if (page === undefined || small.length < page.max) this.#latest = this.#found
  }
}
