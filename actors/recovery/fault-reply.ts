/** What is told to the segment about a fault smaller than a host, once nothing more is done about it. */
import type { NotificationId } from '../../schema/ids.ts'

export type FaultReply =
  | {
      readonly type: 'fault.concluded'
      readonly notification: NotificationId
      /** error: whatever blocked it may pass, so it is tried again. */
      readonly status: FaultOutcome
      readonly reason: string
    }
  /** Nothing new may be begun: the segment decides whether the rest waits or ends. */
  | {
      readonly type: 'fault.forbidden'
      readonly notification: NotificationId
      readonly reason: string
    }

export type FaultOutcome = 'finished' | 'ignored' | 'failed' | 'error'
