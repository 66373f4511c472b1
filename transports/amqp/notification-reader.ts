/** What happens to one delivery: handed on, reported as a fault, recognised as a repetition, or parked as unreadable. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import { describeError, isCoded } from '../../schema/errors.ts'
import type { BridgeCounts } from '../../schema/messages/leadership.ts'
import type { ComputeEvent } from '../../schema/messages/incident.ts'
import type { Delivery, Disposition } from './broker-link.ts'
import { faultOf, type ComputeFault } from './compute-fault.ts'
import { MinuteQuota } from '../../schema/minute-quota.ts'
import { parseOsloNotification, type OsloNotification } from './oslo-envelope.ts'
import { RecentIds } from './recent-ids.ts'
import { TwinEvents } from './twin-events.ts'
import { unpack } from './unpack.ts'

export interface ReaderWorld {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly publish: (event: ComputeEvent) => void
  /** Resolves once our own bus has stored the fault; with false when the signal ends first. Undefined: faults are only events. */
  readonly keep: ((fault: ComputeFault, over: AbortSignal) => Promise<boolean>) | undefined
}

/** Two ids for each of some thousand messages: repetitions follow within seconds. */
const RECENT_IDS_MAX = 10_000
const LINES_A_MINUTE_MAX = 60

/** Outlives connections, so that what is delivered again after a reconnect is recognised. */
export class NotificationReader {
  readonly #world: ReaderWorld
  readonly #recent = new RecentIds(RECENT_IDS_MAX)
  readonly #twins = new TwinEvents()
  readonly #lines = new MinuteQuota(LINES_A_MINUTE_MAX)
  readonly #counts = { received: 0, reported: 0, duplicates: 0, parked: 0, incomplete: 0 }

  constructor(world: ReaderWorld) {
    this.#world = world
  }

  counts(): Omit<BridgeCounts, 'unread'> {
    return { ...this.#counts }
  }

  /** Throws only what `publish` and `keep` throw. It hands the event on before it resolves. */
  async handle(delivery: Delivery, over: AbortSignal): Promise<Disposition> {
    this.#counts.received += 1
    const notification = this.#read(delivery)
    if (notification === undefined) return 'discarded'
    const { event, ids } = notification
    if (ids.some((id) => this.#recent.has(id))) {
      this.#counts.duplicates += 1
    } else {
      this.#publish(notification)
      // A fault is reported even when it is the twin of another one: the store finds that both are the same.
      if (!(await this.#report(event, over))) return 'left'
    }
    for (const id of ids) this.#recent.add(id)
    return 'taken'
  }

  #publish({ event, isIncomplete, twinKey }: OsloNotification): void {
    const { publish, clock } = this.#world
    if (this.#twins.note({ format: event.format, key: twinKey }, clock.monotonicMs())) {
      this.#counts.duplicates += 1
      return
    }
    publish(event)
    if (isIncomplete) this.#noteIncomplete(event)
  }

  /** False when it is a fault and our bus has not stored it. */
  async #report(event: ComputeEvent, over: AbortSignal): Promise<boolean> {
    const { keep, clock } = this.#world
    if (keep === undefined || event.fact === undefined) return true
    const fault = faultOf(event, event.fact, clock.wallMs())
    if (fault === undefined) return true
    if (!(await keep(fault, over))) return false
    this.#counts.reported += 1
    return true
  }

  #read(delivery: Delivery): OsloNotification | undefined {
    try {
      return parseOsloNotification(unpack(delivery.body, delivery.compression))
    } catch (error) {
      if (!isCoded(error, 'MESSAGE_INVALID')) throw error
      this.#counts.parked += 1
      const { routingKey, body } = delivery
      const fields = { routingKey, bytes: body.byteLength, reason: describeError(error) }
      this.#warn(fields, 'notification cannot be read')
      return undefined
    }
  }

  #noteIncomplete({ eventType, publisher, messageId }: ComputeEvent): void {
    this.#counts.incomplete += 1
    const fields = { eventType, publisher, messageId }
    this.#warn(fields, 'a notification does not name the host or the instance that it is about')
  }

  #warn(fields: Readonly<Record<string, unknown>>, text: string): void {
    const { log, clock } = this.#world
    if (this.#lines.take(clock.monotonicMs())) log.warn(fields, text)
  }
}
