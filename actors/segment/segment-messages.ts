/** The messages of a segment, and what it knows of its recoveries. */
import type { Epoch, HostId, NotificationId, SegmentId } from '../../schema/ids.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import { EMPTY_FIFO, type Fifo } from '../kernel/fifo.ts'
import type { UnfinishedRecovery } from '../ports/store.ts'
import type { RecoveryReport, RecoverySummary } from '../recovery/summary.ts'

/** The segment and its epoch. */
export interface SegmentIdentity {
  readonly segment: SegmentId
  readonly epoch: Epoch
}

export type SegmentMessage =
  | { readonly type: 'segment.begin' }
  | {
      /** Repeated while the notification is unfinished. */
      readonly type: 'segment.recover'
      readonly unfinished: UnfinishedRecovery
      readonly evidence: readonly string[]
      /** Why it must not be acted on: its host has been seen alive all the time. */
      readonly objection: string | null
    }
  | { readonly type: 'segment.host-alive'; readonly host: HostId; readonly reason: string }
  | RecoveryReport
  /** From the kernel: this recovery crashes again and again. */
  | { readonly type: 'segment.recovery-given-up'; readonly notification: NotificationId }

/** One recovery, as its segment knows it. */
export interface Entry {
  readonly unfinished: UnfinishedRecovery
  readonly evidence: readonly string[]
  /** Its actor is started at its first turn, because thousands may wait. */
  readonly isStarted: boolean
  readonly summary: RecoverySummary
}

export interface SegmentState {
  readonly kind: 'serving'
  readonly recoveries: ReadonlyMap<NotificationId, Entry>
  /** The recoveries that are being decided or admitted: that of a host is alone here. */
  readonly turns: ReadonlySet<NotificationId>
  /**
   * Instance and service faults that are queued, in the order of their arrival. An entry that is no longer
   * queued is skipped.
   */
  readonly line: Fifo<NotificationId>
  /**
   * The recoveries of hosts, and those of instance and service faults that are being decided, worked on or
   * ended. These are few, however many wait.
   */
  readonly busy: ReadonlySet<NotificationId>
}

export type SegmentEffects = readonly KernelEffect<SegmentMessage>[]
export type SegmentStep = Step<SegmentState, SegmentEffects[number]>

/** A segment without any report. */
export const SERVING: SegmentState = {
  kind: 'serving',
  recoveries: new Map(),
  turns: new Set(),
  line: EMPTY_FIFO,
  busy: new Set(),
}
