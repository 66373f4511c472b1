/**
 * What the instance monitors of compute hosts said last about their guests. A list is kept as it came, and read when somebody waits
 * for a guest of that host: most lists are never read.
 */
import { BoundedMap } from '../../schema/bounded-map.ts'
import { instanceId, type HostName, type InstanceId } from '../../schema/ids.ts'
import { decodeOrCount, lastToken, subjectToken } from '../../schema/messages/codec.ts'
import type { ListedGuest } from '../../schema/messages/observation.ts'
import type { BusMessage } from '../ports/bus.ts'

/** What one host's monitor said last. */
export interface HeardList {
  /** When it was received, by our monotonic clock. */
  readonly atMs: number
  readonly guests: ReadonlyMap<InstanceId, ListedGuest>
}

interface Kept {
  readonly atMs: number
  readonly message: BusMessage
}

/** More compute hosts than a cloud has. The bus is open to more senders than these. */
const HOSTS_MAX = 10_000
/** A full list of a host has about 120 kB, a usual one 5 kB. */
const LIST_BYTES_MAX = 262_144
/** All lists of a large cloud. Beyond it, the list that was told longest ago is dropped. */
const BYTES_MAX = 134_217_728

export class GuestLists {
  readonly #kept = new BoundedMap<string, Kept>({
    entriesMax: HOSTS_MAX,
    whenFull: 'drop-oldest',
    weight: { max: BYTES_MAX, of: ({ message }) => message.body.length },
  })
  /** Counts what came as a list and is none. */
  readonly #countParked: () => void

  constructor(countParked: () => void) {
    this.#countParked = countParked
  }

  get size(): number {
    return this.#kept.size
  }

  note(message: BusMessage, atMs: number): void {
    const { subject, body } = message
    if (body.length <= LIST_BYTES_MAX) this.#kept.set(lastToken(subject), { atMs, message })
  }

  /** The latest list of this host; undefined when there is none that counts: nobody speaks for another host. */
  of(host: HostName): HeardList | undefined {
    const token = subjectToken(host)
    const kept = this.#kept.get(token)
    if (kept === undefined) return undefined
    const received = decodeOrCount(kept.message, this.#countParked)
    if (received?.type !== 'guests.running' || received.body.hostName !== host) {
      this.#kept.delete(token) // it is counted once
      return undefined
    }
    const guests = new Map(received.body.guests.map((guest) => [instanceId(guest.instance), guest]))
    return { atMs: kept.atMs, guests }
  }
}
