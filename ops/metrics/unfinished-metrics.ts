/** How many notifications have not ended, by their status, from the pages that the leader reads. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { FaultPage, UnfinishedRecovery } from '../../actors/ports/store.ts'
import type { NotificationId } from '../../schema/ids.ts'
import type { NotificationStatus } from '../../schema/records.ts'
import type { Metrics } from './metrics.ts'

/** The leader reads every few seconds. An engine that does not lead any more reads nothing. */
const FRESH_MS = 30_000

export class UnfinishedMetrics {
  readonly #clock: ClockPort
  /** Of the present round of pages. */
  #found = new Map<NotificationId, NotificationStatus>()
  /** Of the latest complete round. */
  #latest: ReadonlyMap<NotificationId, NotificationStatus> = new Map()

  #readAtMs = -Infinity

  constructor(clock: ClockPort, metrics: Metrics) {
    this.#clock = clock
    metrics.sample(() => {
      const isFresh = clock.monotonicMs() - this.#readAtMs < FRESH_MS
      const counts = Map.groupBy(isFresh ? this.#latest.values() : [], (status) => status)
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
    if (page !== undefined && small.length >= page.max) return
    this.#latest = this.#found
    this.#readAtMs = this.#clock.monotonicMs()
  }
}
