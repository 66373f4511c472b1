/**
 * The replies of the actors for one guest and for one compute service to their recovery, when they
 * do nothing more.
 */
import type { NotificationId } from '../../schema/ids.ts'

export type FaultReply =
  | {
      readonly type: 'fault.concluded'
      readonly notification: NotificationId
      /** error: what blocked it may pass, so it is tried again. */
      readonly status: FaultOutcome
      readonly reason: string
    }
  /** Nothing new may be begun. The recovery decides whether it waits or ends. */
  | {
      readonly type: 'fault.forbidden'
      readonly notification: NotificationId
      readonly reason: string
    }

export type FaultOutcome = 'finished' | 'ignored' | 'failed' | 'error'
