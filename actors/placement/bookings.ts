/**
 * What the recoveries of one leader have asked for and what Placement may not show yet. Two recoveries of one segment
 * choose side by side, so each is told what the others took since it read the room: nobody gives the same room away twice.
 */
import type { HostName, InstanceId, NotificationId, SegmentId } from '../../schema/ids.ts'
import { plus, type Resources } from '../../schema/resources.ts'
import type { ClockPort } from '../ports/clock.ts'
import { NO_LOAD, type Load } from './choose-target.ts'

/** What was sent to each host. */
export type Loads = ReadonlyMap<HostName, Load>

/** The recovery that books. */
export interface Booker {
  readonly notification: NotificationId
  readonly segment: SegmentId
}

interface Booking extends Booker {
  readonly host: HostName
  readonly needs: Resources
  /** From this time on, Placement certainly shows the evacuation. */
  readonly shownAtMs: number
}

interface Reader extends Booker {
  readonly readAtMs: number
  /** Whether the recovery has been told of the latest change. */
  readonly news: 'heard' | 'due'
  /** Ends its waiting for news. */
  readonly wake: () => void
}

const nobodyWaits = (): void => {}

export class Bookings {
  readonly #clock: ClockPort
  readonly #bookings = new Map<InstanceId, Booking>()
  readonly #readers = new Map<NotificationId, Reader>()

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  get size(): number {
    return this.#bookings.size
  }

  /**
   * Registers a recovery that is about to read the room of its targets. Until the signal ends, it
   * is told what others take.
   */
  read({ notification, segment }: Booker, signal: AbortSignal): void {
    const known = this.#readers.get(notification)
    if (known === undefined) {
      signal.addEventListener('abort', () => this.#leave(notification), { once: true })
    }
    const readAtMs = this.#clock.monotonicMs()
    const wake = known?.wake ?? nobodyWaits
    this.#readers.set(notification, { notification, segment, readAtMs, news: 'heard', wake })
    this.#forget()
  }

  /** Books an instance whose evacuation is about to be requested. */
  book(instance: InstanceId, booker: Booker, taken: Pick<Booking, 'host' | 'needs'>): void {
    const { notification, segment } = booker
    this.#bookings.set(instance, { notification, segment, ...taken, shownAtMs: Infinity })
    this.#tellOthers(booker)
  }

  /** Nova's scheduler has claimed the room: each later reading of Placement includes it. */
  show(instance: InstanceId): void {
    const booking = this.#bookings.get(instance)
    if (booking === undefined || booking.shownAtMs < Infinity) return
    this.#bookings.set(instance, { ...booking, shownAtMs: this.#clock.monotonicMs() })
    this.#forget()
  }

  /** Removes a booking that came to nothing. */
  release(instance: InstanceId): void {
    const booking = this.#bookings.get(instance)
    if (booking === undefined) return
    this.#bookings.delete(instance)
    this.#tellOthers(booking)
  }

  /** What others have taken since this recovery read the room. */
  takenByOthers({ notification, segment }: Booker): Loads {
    const loads = new Map<HostName, Load>()
    const reader = this.#readers.get(notification)
    if (reader === undefined) return loads
    this.#readers.set(notification, { ...reader, news: 'heard' })
    for (const { host, needs, ...booking } of this.#bookings.values()) {
      if (booking.notification === notification || booking.segment !== segment) continue
      if (booking.shownAtMs <= reader.readAtMs) continue
      const { given, moves } = loads.get(host) ?? NO_LOAD
      loads.set(host, { given: plus(given, needs), moves: moves + 1 })
    }
    return loads
  }

  /**
   * Resolves with `changed` when others have taken or released room; with `ended` when another call
   * for this recovery replaces this one, or when the recovery is not registered.
   */
  async change({ notification }: Booker): Promise<'changed' | 'ended'> {
    const reader = this.#readers.get(notification)
    if (reader === undefined) return 'ended'
    reader.wake()
    if (reader.news === 'due') return 'changed'
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#readers.set(notification, { ...reader, wake: resolve })
    await promise
    return this.#readers.get(notification)?.news === 'due' ? 'changed' : 'ended'
  }

  #tellOthers({ notification, segment }: Booker): void {
    for (const reader of this.#readers.values()) {
      if (reader.notification === notification || reader.segment !== segment) continue
      this.#readers.set(reader.notification, { ...reader, news: 'due', wake: nobodyWaits })
      reader.wake()
    }
  }

  /** Removes a recovery that requests nothing more: its evacuations are done or given up. */
  #leave(notification: NotificationId): void {
    this.#readers.get(notification)?.wake()
    this.#readers.delete(notification)
    for (const [instance, booking] of this.#bookings) {
      if (booking.notification === notification) this.show(instance)
    }
    this.#forget()
  }

  /** Forgets the bookings that every reader has found in Placement. */
  #forget(): void {
    const oldest = Math.min(...[...this.#readers.values()].map(({ readAtMs }) => readAtMs))
    for (const [instance, { shownAtMs }] of this.#bookings) {
      if (shownAtMs <= oldest) this.#bookings.delete(instance)
    }
  }
}
