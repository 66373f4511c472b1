/**
 * The heartbeats of hosts as the leader hears them, so that its look at a host knows them at once. Most are never read: of each host
 * the latest one is kept as it came.
 */
import { BoundedMap } from '../../schema/bounded-map.ts'
import { isCoded } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import { decode, subjectOf } from '../../schema/messages/codec.ts'
import type { HostHeartbeat } from '../../schema/messages/observation.ts'
import type { BusMessage } from '../ports/bus.ts'

/** One heartbeat as it arrived. */
export interface Beat {
  /** Of the process that sent it. */
  readonly incarnation: string
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

/** What came on the subject of this host; undefined when it is no heartbeat of that host: nobody speaks for another. */
export function readBeat(bytes: Uint8Array, host: HostName): Beat | undefined {
  const beat = readAny(bytes)
  return beat?.body.hostName === host ? beat : undefined
}

function readAny(bytes: Uint8Array): Beat | undefined {
  try {
    const { type, body, incarnation } = decode(bytes)
    return type === 'host.heartbeat' ? { incarnation, body } : undefined
  } catch (error) {
    if (!isCoded(error, 'MESSAGE_INVALID', 'MESSAGE_NEWER')) throw error
    return undefined
  }
}

/** What is known after this heartbeat; undefined when it is a replay, or a doubled or overtaken message. */
export function pulseAfter(
  pulse: Pulse | undefined,
  { incarnation, body: { sequence } }: Beat,
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
  readonly latest: { readonly body: Uint8Array; readonly atMs: number; readonly isRead: boolean }
  readonly pulse: Pulse | undefined
  /** When the latest heartbeat that counted came. */
  readonly beatAtMs: number | undefined
  readonly readAtMs: number
}

const topicOf = (host: string): readonly string[] => ['heartbeat', 'host', host]

/** What the leader subscribes to. */
export const HOST_BEATS_TOPIC = topicOf('>')

export class HostBeats {
  readonly #kept = new BoundedMap<string, Kept>({ entriesMax: HOSTS_MAX, whenFull: 'drop-oldest' })
  readonly #cloud: string

  constructor(cloud: string) {
    this.#cloud = cloud
  }

  get size(): number {
    return this.#kept.size
  }

  note({ subject, body }: BusMessage, atMs: number): void {
    if (body.length > BEAT_BYTES_MAX) return
    const before = this.#kept.get(subject)
    const kept: Kept = {
      ...(before ?? { pulse: undefined, beatAtMs: undefined, readAtMs: -Infinity }),
      latest: { body, atMs, isRead: false },
    }
    this.#kept.set(subject, atMs - kept.readAtMs >= READ_MS ? this.#read(subject, kept) : kept)
  }

  /** When the latest heartbeat of this host that counts has arrived, by our monotonic clock; undefined when none has. */
  latestAtMs(host: HostName): number | undefined {
    const subject = subjectOf(this.#cloud, ...topicOf(host))
    const kept = this.#kept.get(subject)
    if (kept === undefined || kept.latest.isRead) return kept?.beatAtMs
    const read = this.#read(subject, kept)
    this.#kept.set(subject, read)
    return read.beatAtMs
  }

  #read(subject: string, kept: Kept): Kept {
    const { latest } = kept
    const read = { ...kept, latest: { ...latest, isRead: true }, readAtMs: latest.atMs }
    const beat = readAny(latest.body)
    const isOwn =
      beat !== undefined && subjectOf(this.#cloud, ...topicOf(beat.body.hostName)) === subject
    const pulse = isOwn ? pulseAfter(kept.pulse, beat) : undefined
    return pulse === undefined ? read : { ...read, pulse, beatAtMs: latest.atMs }
  }
}
