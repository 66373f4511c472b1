/**
 * The heartbeats of hosts as the leader hears them, so that its look at a host knows them at once. Most are never read: of each host
 * the latest one is kept as it came.
 */
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { HostName } from '../../schema/ids.ts'
import { decodeOrCount, lastToken, subjectToken } from '../../schema/messages/codec.ts'
import type { HostHeartbeat } from '../../schema/messages/observation.ts'
import type { BusMessage } from '../ports/bus.ts'

/** One heartbeat as it arrived. */
export interface Beat {
  /** Of the process that sent it, and the number of the message. */
  readonly incarnation: string
  readonly sequence: number
  readonly body: HostHeartbeat
}

/** What tells a new heartbeat from a replay. */
export interface Pulse {
  readonly incarnation: string
  /** Of the latest heartbeat that counted. */
  readonly sequence: number
  /** Incarnations that have ended, the latest last: what comes from them now is a replay. */
  readonly ended: readonly string[]
}

/** A monitor that restarts more often than this between two replays of one tape is broken in another way. */
const ENDED_MAX = 8

/** What came on the subject of this host; undefined, and counted, when it is no heartbeat of that host: nobody speaks for another. */
export function readBeat(
  message: BusMessage,
  host: HostName,
  countParked: () => void,
): Beat | undefined {
  const beat = readAny(message, countParked)
  return beat?.body.hostName === host ? beat : undefined
}

function readAny(message: BusMessage, countParked: () => void): Beat | undefined {
  const received = decodeOrCount(message, countParked)
  if (received?.type !== 'host.heartbeat') return undefined
  const { body, incarnation, sequence } = received
  return { incarnation, sequence, body }
}

/** What is known after this heartbeat; undefined when it is a replay, or a doubled or overtaken message. */
export function pulseAfter(
  pulse: Pulse | undefined,
  { incarnation, sequence }: Beat,
): Pulse | undefined {
  if (pulse === undefined) return { incarnation, sequence, ended: [] }
  if (incarnation === pulse.incarnation) {
    return sequence <= pulse.sequence ? undefined : { ...pulse, sequence }
  }
  if (pulse.ended.includes(incarnation)) return undefined
  return { incarnation, sequence, ended: [...pulse.ended, pulse.incarnation].slice(-ENDED_MAX) }
}

/** More compute hosts than a cloud has. The bus is open to more senders than these. */
const HOSTS_MAX = 20_000
/** Several times the size of a heartbeat. */
const BEAT_BYTES_MAX = 4096
/** Of each host, one heartbeat in this time is read in any case: what was sent before it is known as a replay. Ms. */
const READ_MS = 10_000

interface Kept {
  readonly latest: {
    readonly message: BusMessage
    readonly atMs: number
    readonly isRead: boolean
  }
  readonly pulse: Pulse | undefined
  /** When the latest heartbeat that counted came. */
  readonly beatAtMs: number | undefined
  readonly readAtMs: number
}

export class HostBeats {
  readonly #kept = new BoundedMap<string, Kept>({ entriesMax: HOSTS_MAX, whenFull: 'drop-oldest' })
  /** Counts what came as a heartbeat and is none. */
  readonly #countParked: () => void

  constructor(countParked: () => void) {
    this.#countParked = countParked
  }

  get size(): number {
    return this.#kept.size
  }

  note(message: BusMessage, atMs: number): void {
    if (message.body.length > BEAT_BYTES_MAX) return
    const token = lastToken(message.subject)
    const before = this.#kept.get(token)
    const kept: Kept = {
      ...(before ?? { pulse: undefined, beatAtMs: undefined, readAtMs: -Infinity }),
      latest: { message, atMs, isRead: false },
    }
    this.#kept.set(token, atMs - kept.readAtMs >= READ_MS ? this.#read(kept) : kept)
  }

  /** When the latest heartbeat of this host that counts has arrived, by our monotonic clock; undefined when none has. */
  latestAtMs(host: HostName): number | undefined {
    const token = subjectToken(host)
    const kept = this.#kept.get(token)
    if (kept === undefined || kept.latest.isRead) return kept?.beatAtMs
    const read = this.#read(kept)
    this.#kept.set(token, read)
    return read.beatAtMs
  }

  #read(kept: Kept): Kept {
    const { latest } = kept
    const read = { ...kept, latest: { ...latest, isRead: true }, readAtMs: latest.atMs }
    const beat = readAny(latest.message, this.#countParked)
    const pulse = beat === undefined ? undefined : pulseAfter(kept.pulse, beat)
    return pulse === undefined ? read : { ...read, pulse, beatAtMs: latest.atMs }
  }
}
