/** What happens to one delivery: handed on, recognised as a repetition, or parked as unreadable. */
import type { LogPort } from '../../actors/ports/log.ts'
import { describeError, isCoded } from '../../schema/errors.ts'
import type { ComputeEvent } from '../../schema/messages/incident.ts'
import type { Delivery, Disposition } from './broker-link.ts'
import { BODY_BYTES_MAX, parseOsloNotification, type OsloNotification } from './oslo-envelope.ts'
import { RecentIds } from './recent-ids.ts'
import { unpackBody } from './unpack-body.ts'

/** Two ids for each of some thousand messages: repetitions follow within seconds. */
const RECENT_IDS_MAX = 10_000

/** Outlives connections, so that what is delivered again after a reconnect is recognised. */
export class NotificationReader {
  readonly #recent = new RecentIds(RECENT_IDS_MAX)
  readonly #log: LogPort
  readonly #publish: (event: ComputeEvent) => void
  #parked = 0

  constructor(log: LogPort, publish: (event: ComputeEvent) => void) {
    this.#log = log
    this.#publish = publish
  }

  /** Messages that could not be read. */
  get parked(): number {
    return this.#parked
  }

  /** Throws only what `publish` throws. */
  handle(delivery: Delivery): Disposition {
    const notification = this.#read(delivery)
    if (notification === undefined) return 'discarded'
    const { event, ids } = notification
    if (!ids.some((id) => this.#recent.has(id))) this.#publish(event)
    for (const id of ids) this.#recent.add(id)
    return 'taken'
  }

  #read(delivery: Delivery): OsloNotification | undefined {
    try {
      return parseOsloNotification(unpackBody(delivery.body, delivery.compression, BODY_BYTES_MAX))
    } catch (error) {
      if (!isCoded(error, 'MESSAGE_INVALID')) throw error
      this.#parked += 1
      const { routingKey, body } = delivery
      const fields = { routingKey, bytes: body.byteLength, reason: describeError(error) }
      this.#log.warn(fields, 'notification cannot be read')
      return undefined
    }
  }
}
