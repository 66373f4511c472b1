/** When a channel is asked next: slow in peace, quick for a suspect, and never faster than a BMC can bear. Pure. */
import type { HostState } from '../../schema/messages/observation.ts'

/** Channels that are asked; the others are listened to. */
export const PROBED = ['ssh', 'power'] as const
export type ProbedChannel = (typeof PROBED)[number]

/** Milliseconds. */
export interface ProbeTiming {
  readonly sshPeaceMs: number
  readonly sshBurstMs: number
  /** At most 25 s: an idle IPMI session dies after 30. */
  readonly powerPeaceMs: number
  /**
   * While the host shows life on another channel and its BMC's session is not kept. Each reading
   * opens a session then.
   */
  readonly powerRestMs: number
  /** BMCs crash when asked more often than about every 5 s. */
  readonly powerBurstMs: number
}

/** What the time of the next probe depends on. */
export interface Occasion {
  readonly state: HostState
  readonly nowMs: number
  /** When the last probe of the channel ended; undefined when there was none. */
  readonly askedAtMs: number | undefined
  /** In [0, 1): spreads peace probes, so that hosts are not asked in step. */
  readonly chance: number
  /** Whether the power is not needed now, and reading it costs a session. */
  readonly rests: boolean
}

function peaceMs(timing: ProbeTiming, channel: ProbedChannel, { rests }: Occasion): number {
  if (channel === 'ssh') return timing.sshPeaceMs
  return rests ? timing.powerRestMs : timing.powerPeaceMs
}

const burstMs = (timing: ProbeTiming, channel: ProbedChannel): number =>
  channel === 'ssh' ? timing.sshBurstMs : timing.powerBurstMs

/** The first probe: spread over one peace interval of SSH, so that a start does not ask every host at once. */
export const firstProbeMs = (timing: ProbeTiming, chance: number): number =>
  chance * timing.sshPeaceMs

/** After a probe that changed nothing: a burst for a suspect, else one peace interval, longer or shorter by a tenth. */
export const nextProbeAtMs = (
  timing: ProbeTiming,
  channel: ProbedChannel,
  occasion: Occasion,
): number => {
  const { state, nowMs, chance } = occasion
  return state === 'suspect'
    ? nowMs + burstMs(timing, channel)
    : nowMs + Math.round(peaceMs(timing, channel, occasion) * (0.9 + chance * 0.2))
}

/**
 * After a change of state. A new suspect is asked at once, or as soon as the channel bears it: off is the quickest proof. A host that
 * is no suspect any more is asked at any moment of the next peace interval: what made it a suspect may have hit a whole fleet.
 */
export function changedProbeAtMs(
  timing: ProbeTiming,
  channel: ProbedChannel,
  occasion: Occasion,
): number {
  const { state, nowMs, askedAtMs = -Infinity, chance } = occasion
  const soonestMs = Math.max(nowMs, askedAtMs + burstMs(timing, channel))
  if (state === 'suspect') return soonestMs
  return Math.max(soonestMs, nowMs + Math.round(peaceMs(timing, channel, occasion) * chance))
}
