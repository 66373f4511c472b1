/**
 * What cannot be decoded, or stored, goes to `ha.<cloud>.parked.<node>`, where an operator can subscribe to it, and stops nothing; a flood is only counted.
 * What a newer version has sent is counted on its own: a fault waits for an engine of that version, for an hour.
 */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import { decode, subjectOf } from '../../schema/messages/codec.ts'
import { MinuteQuota } from '../../schema/minute-quota.ts'
import type { BusMessage, BusPort, FaultDelivery } from '../ports/bus.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { LogPort } from '../ports/log.ts'

/** Messages shown in a minute; of the others only the number is known. */
export const SHOWN_MAX = 60
const MINUTE_MS = 60_000
/** How long a fault of a newer version waits before it is delivered again, ms, and how often it is. */
const NEWER_RETRY_MS = 30_000
const NEWER_DELIVERIES_MAX = 120
/** Deliveries in a minute: about 32 faults wait at the same time, so that they leave room for all others. */
const NEWER_MAX = 64
/** Of a subject, which may come from outside as well. */
const SUBJECT_CHARS_MAX = 200

export interface ParkingWorld {
  readonly cloud: string
  readonly node: string
  readonly clock: ClockPort
  readonly bus: BusPort
  readonly log: LogPort
  /** Counts a message that could not be decoded. */
  readonly countParked: () => void
  /** Counts a message that a newer version has sent. */
  readonly countNewer: () => void
}

export class Parking {
  readonly #world: ParkingWorld
  readonly #newer = new MinuteQuota(NEWER_MAX)
  #minuteBeganMs = -Infinity
  #shown = 0

  constructor(world: ParkingWorld) {
    this.#world = world
  }

  /** Undefined for what was parked, and for what a newer version has sent. */
  decode(message: BusMessage): Received | undefined {
    const outcome = this.#decode(message)
    return outcome === 'newer' ? undefined : outcome
  }

  /** A fault that waits for a newer version is delivered again; undefined for what was parked. */
  decodeFault(delivery: FaultDelivery): Received | 'waits' | undefined {
    const outcome = this.#decode(delivery)
    if (outcome !== 'newer') return outcome
    const isLast = delivery.deliveries >= NEWER_DELIVERIES_MAX
    if (isLast || !this.#newer.take(this.#world.clock.monotonicMs())) {
      this.park(delivery, 'MESSAGE_NEWER: no engine of a newer version has taken the fault')
      return undefined
    }
    delivery.retry(NEWER_RETRY_MS)
    return 'waits'
  }

  #decode(message: BusMessage): Received | 'newer' | undefined {
    try {
      return decode(message)
    } catch (error) {
      if (isCoded(error, 'MESSAGE_NEWER')) {
        this.#world.countNewer()
        return 'newer'
      }
      if (!isCoded(error, 'MESSAGE_INVALID')) throw error
      this.park(message, describeError(error))
      return undefined
    }
  }

  /** Counts it, and shows it if not too many were shown in this minute. */
  park({ subject, body }: BusMessage, error: string): void {
    const { cloud, node, clock, bus, log, countParked } = this.#world
    countParked()
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#minuteBeganMs >= MINUTE_MS) {
      this.#minuteBeganMs = nowMs
      this.#shown = 0
    }
    this.#shown += 1
    if (this.#shown > SHOWN_MAX) return
    const shown = subject.slice(0, SUBJECT_CHARS_MAX)
    log.warn({ subject: shown, error }, 'message parked')
    bus.publish(subjectOf(cloud, 'parked', node, shown), body)
  }
}
