/**
 * Reports events to the operators' other systems. No decision depends on a report, nothing waits
 * for it, and its delivery is not confirmed.
 */
import type { Host, Notification, Segment } from '../../schema/records.ts'
import type { HostFields, NewNotification, SegmentFields } from './store.ts'

/** How far the reported event has come. */
export type ReportPhase =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly fault: ReportFault }

export const REPORT_START: ReportPhase = { kind: 'start' }
export const REPORT_END: ReportPhase = { kind: 'end' }

/** Why it failed, in words that may be shown to all. */
export interface ReportFault {
  readonly code: string
  readonly message: string
}

/** The operations on segments and hosts. */
export type InventoryAction = 'create' | 'update' | 'delete'

/** What is created, changed, deleted or processed. What is not stored yet has only its fields. */
export type ReportSubject =
  | {
      readonly kind: 'segment'
      readonly action: InventoryAction
      readonly segment: SegmentFields | Segment
    }
  | {
      readonly kind: 'host'
      readonly action: InventoryAction
      /** The host without its credentials. */
      readonly host: HostFields | Host
      readonly segment: Segment
    }
  | {
      readonly kind: 'notification'
      readonly action: 'create' | 'process'
      readonly notification:
        Pick<NewNotification, 'type' | 'generatedAt' | 'payload'> | Notification
    }

export interface ReportPort {
  /** Never throws and never waits. A report that cannot be sent in time is dropped. */
  report(subject: ReportSubject, phase: ReportPhase): void
}
