/** The heartbeats of one host: which of them count, and until when the next one must come. Pure. */
import { isCoded } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import { decode } from '../../schema/messages/codec.ts'
import type { HostHeartbeat } from '../../schema/messages/observation.ts'
import { suspiciousAfterMs, withPause, type Pauses, type PhiRules } from './phi.ts'

/** One heartbeat as it arrived. */
export interface Beat {
  /** Of the process that sent it. */
  readonly incarnation: string
  readonly body: HostHeartbeat
}

/** What is remembered of them. */
export interface Heart {
  readonly incarnation: string
  /** Of the latest heartbeat that counted. */
  readonly sequence: number
  readonly lastAtMs: number
  readonly pauses: Pauses
  /** Incarnations that have ended, the latest last: what comes from them now is a replay. */
  readonly ended: readonly string[]
}

/** A monitor that restarts more often than this between two replays of one tape is broken in another way. */
const ENDED_MAX = 8

/** What came on the subject of this host; undefined when it is no heartbeat of that host: nobody speaks for another. */
export function readBeat(bytes: Uint8Array, host: HostName): Beat | undefined {
  try {
    const { type, body, incarnation } = decode(bytes)
    return type === 'host.heartbeat' && body.hostName === host ? { incarnation, body } : undefined
  } catch (error) {
    if (!isCoded(error, 'MESSAGE_INVALID')) throw error
    return undefined
  }
}

/** What is remembered after this heartbeat; undefined when it is a replay, or a doubled or overtaken message. */
export function afterBeat(
  heart: Heart | undefined,
  { incarnation, body: { sequence } }: Beat,
  atMs: number,
  rules: PhiRules,
): Heart | undefined {
  if (heart === undefined) {
    return { incarnation, sequence, lastAtMs: atMs, pauses: [], ended: [] }
  }
  if (incarnation === heart.incarnation) {
    if (sequence <= heart.sequence) return undefined
    const pauses = withPause(heart.pauses, atMs - heart.lastAtMs, rules)
    return { ...heart, sequence, lastAtMs: atMs, pauses }
  }
  if (heart.ended.includes(incarnation)) return undefined
  const ended = [...heart.ended, heart.incarnation].slice(-ENDED_MAX)
  return { ...heart, incarnation, sequence, lastAtMs: atMs, ended }
}

/** When its silence becomes suspicious, by our monotonic clock. */
export const suspiciousAtMs = ({ lastAtMs, pauses }: Heart, rules: PhiRules): number =>
  lastAtMs + Math.ceil(suspiciousAfterMs(pauses, rules))

/** What a heartbeat says of the parts of its host, in one sentence. */
export function beatDetail({
  libvirt,
  libvirtAgeMs,
  compute,
  computeAgeMs,
}: HostHeartbeat): string {
  return `libvirt ${WORDS[libvirt]} (${seconds(libvirtAgeMs)}), nova-compute ${WORDS[compute]} (${seconds(computeAgeMs)})`
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s ago`

const WORDS = {
  answers: 'answers',
  silent: 'does not answer',
  runs: 'runs',
  gone: 'is gone',
  unknown: 'is unknown',
} as const satisfies Readonly<Record<HostHeartbeat['libvirt'] | HostHeartbeat['compute'], string>>
