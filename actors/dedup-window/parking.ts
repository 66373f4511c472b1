/** What cannot be decoded, or stored, goes to `ha.<cloud>.parked.<node>`, where an operator can subscribe to it, and stops nothing; a flood is only counted. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import { decode, subjectOf } from '../../schema/messages/codec.ts'
import type { BusMessage, BusPort } from '../ports/bus.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { LogPort } from '../ports/log.ts'

/** Messages shown in a minute; of the others only the number is known. */
export const SHOWN_MAX = 60
const MINUTE_MS = 60_000
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
}

export class Parking {
  readonly #world: ParkingWorld
  #minuteBeganMs = -Infinity
  #shown = 0

  constructor(world: ParkingWorld) {
    this.#world = world
  }

  /** Undefined for what was parked. */
  decode(message: BusMessage): Received | undefined {
    try {
      return decode(message)
    } catch (error) {
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
