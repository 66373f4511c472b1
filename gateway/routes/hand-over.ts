/** Hands an accepted notification over to the engine. */
import type { FastifyRequest } from 'fastify'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { describeError } from '../../schema/errors.ts'
import type { Notification } from '../../schema/records.ts'
import { withDeadline } from '../limits/deadline.ts'

const ANNOUNCE_TIMEOUT_MS = 2000

/** What handing over needs. */
export interface HandOver {
  readonly clock: ClockPort
  readonly announce: (notification: Notification) => Promise<void>
}

/**
 * Never fails. The row is stored, so when the message is lost, the engine finds the row a little
 * later.
 */
export async function handOver(
  { clock, announce }: HandOver,
  request: FastifyRequest,
  notification: Notification,
): Promise<void> {
  try {
    await withDeadline(clock, ANNOUNCE_TIMEOUT_MS, 'BUS_UNAVAILABLE', () => announce(notification))
  } catch (error) {
    request.log.warn(
      { notification: notification.uuid, reason: describeError(error) },
      'the notification waits for the engine to find it',
    )
  }
}
