/** What is told to the segment about a fault smaller than a host, once nothing more is done about it. */
import type { NotificationId } from '../../schema/ids.ts'

export interface FaultReply {
  readonly type: 'fault.concluded'
  readonly notification: NotificationId
  /** error: whatever hindered it may pass, so it is tried again. */
  readonly status: 'finished' | 'ignored' | 'failed' | 'error'
  readonly reason: string
}
