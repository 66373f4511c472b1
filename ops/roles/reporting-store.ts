/** A store that reports every write as an event notification. */
import { REPORT_END, REPORT_START, type ReportPort } from '../../actors/ports/reports.ts'
import type {
  Acceptance,
  NewNotification,
  StorePort,
  Transition,
} from '../../actors/ports/store.ts'
import type { NotificationId } from '../../schema/ids.ts'
import {
  UNFINISHED_STATUSES,
  type Notification,
  type NotificationStatus,
} from '../../schema/records.ts'
import { faultOf } from './report-fault.ts'
import { reportingInventory } from './reporting-inventory.ts'

/**
 * How many recoveries that the leader may still write about are remembered. When there are more,
 * the oldest are forgotten and not reported.
 */
const KNOWN_MAX = 1000

/** Passes every call on. The answer or error of the store never depends on the report. */
export function reportingStore(store: StorePort, reports: ReportPort): StorePort {
  const known = new Map<NotificationId, Notification>()
  return {
    ...store,
    ...reportingInventory(store, reports),
    async acceptNotification(fault) {
      const acceptance = await reportAcceptance(store, reports, fault)
      if (acceptance.kind === 'accepted') remember(known, acceptance.notification)
      return acceptance
    },
    async listUnfinished(page) {
      const unfinished = await store.listUnfinished(page)
      for (const { notification } of unfinished) remember(known, notification)
      return unfinished
    },
    async readSnapshot(...parameters) {
      const snapshot = await store.readSnapshot(...parameters)
      if (snapshot.notification !== undefined) remember(known, snapshot.notification)
      return snapshot
    },
    async recordTransition(epoch, transition) {
      const done = await store.recordTransition(epoch, transition)
      // The leader has read the recovery through this store before. Asking the store again would
      // delay the engine.
      const before = known.get(transition.notification)
      if (!done || before === undefined) return done
      reportTransition(reports, before, transition)
      if (isOver(transition.to)) known.delete(before.uuid)
      else known.set(before.uuid, { ...before, status: transition.to })
      return done
    },
    async recordLateCompletion(...parameters) {
      const correction = await store.recordLateCompletion(...parameters)
      // A late failure needs no report, because the failure of the move was reported before.
      if (correction?.notification.status === 'finished') {
        const { notification } = correction
        reports.report({ kind: 'notification', action: 'process', notification }, REPORT_END)
      }
      return correction
    },
  }
}

function remember(known: Map<NotificationId, Notification>, notification: Notification): void {
  if (isOver(notification.status)) return
  known.set(notification.uuid, notification)
  const [oldest] = known.keys()
  if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest)
}

const isOver = (status: NotificationStatus): boolean =>
  !UNFINISHED_STATUSES.some((unfinished) => unfinished === status)

/** A duplicate, or a fault of a host that is out of service, stores nothing and is not reported. */
async function reportAcceptance(
  store: StorePort,
  reports: ReportPort,
  fault: NewNotification,
): Promise<Acceptance> {
  try {
    const acceptance = await store.acceptNotification(fault)
    if (acceptance.kind === 'accepted') {
      const { notification } = acceptance
      const subject = { kind: 'notification', action: 'create', notification } as const
      reports.report(subject, REPORT_START)
      reports.report(subject, REPORT_END)
    }
    return acceptance
  } catch (error) {
    const subject = { kind: 'notification', action: 'create', notification: fault } as const
    reports.report(subject, { kind: 'error', fault: faultOf(error) })
    throw error
  }
}

/** A leader that continues a running recovery begins nothing, so that is not reported. */
function reportTransition(
  reports: ReportPort,
  before: Notification,
  { to, reason }: Transition,
): void {
  const notification = { ...before, status: to }
  const subject = { kind: 'notification', action: 'process', notification } as const
  if (to === 'running') {
    if (before.status !== to) reports.report(subject, REPORT_START)
  } else if (to === 'error' || to === 'failed') {
    reports.report(subject, { kind: 'error', fault: { code: 'RecoveryFailed', message: reason } })
  } else {
    reports.report(subject, REPORT_END)
  }
}
