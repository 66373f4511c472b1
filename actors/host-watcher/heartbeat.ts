/** The heartbeats of one host: until when the next one must come. Pure. */
import type { HostHeartbeat } from '../../schema/messages/observation.ts'
import { pulseAfter, type Beat, type Pulse } from '../verification/host-beats.ts'
import { suspiciousAfterMs, withPause, type Pauses, type PhiRules } from './phi.ts'

/** What is remembered of them. */
export interface Heart extends Pulse {
  readonly lastAtMs: number
  readonly pauses: Pauses
}

/** What is remembered after this heartbeat; undefined when it is a replay, or a doubled or overtaken message. */
export function afterBeat(
  heart: Heart | undefined,
  beat: Beat,
  atMs: number,
  rules: PhiRules,
): Heart | undefined {
  const pulse = pulseAfter(heart, beat)
  if (pulse === undefined) return undefined
  if (heart === undefined) return { ...pulse, lastAtMs: atMs, pauses: [] }
  // A pause between two incarnations tells nothing about the host.
  const isSame = heart.incarnation === pulse.incarnation
  const pauses = isSame ? withPause(heart.pauses, atMs - heart.lastAtMs, rules) : heart.pauses
  return { ...pulse, lastAtMs: atMs, pauses }
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
