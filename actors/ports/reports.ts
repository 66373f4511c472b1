/** Tells the operators' other systems what happens. Nobody here decides anything by it, waits for it, or learns of its fate. */
import type { Host, Notification, Segment } from '../../schema/records.ts'
import type { HostFields, NewNotification, SegmentFields } from './store.ts'

/** How far it is. */
export type ReportPhase =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly fault: ReportFault }

export const REPORT_START: ReportPhase = { kind: 'start' }
export const REPORT_END: ReportPhase = { kind: 'end' }

/** Why it failed, in words for everybody. */
export interface ReportFault {
  readonly code: string
  readonly message: string
}

/** What can be done to segments and hosts. */
export type InventoryAction = 'create' | 'update' | 'delete'

/** What is created, changed, deleted or processed; what is not stored yet has its fields only. */
export type ReportSubject =
  | {
      readonly kind: 'segment'
      readonly action: InventoryAction
      readonly segment: SegmentFields | Segment
    }
  | {
      readonly kind: 'host'
      readonly action: InventoryAction
      /** Without what opens it. */
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
  /** Never throws and never waits. What cannot be told in time is dropped. */
  report(subject: ReportSubject, phase: ReportPhase): void
}
