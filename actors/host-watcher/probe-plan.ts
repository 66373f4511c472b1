/** When a channel is asked next: slow in peace, quick for a suspect, and never faster than a BMC can bear. */
import type { HostState } from '../../schema/messages/observation.ts'
import type { Channel } from './failure-detector.ts'

/** Milliseconds. */
export interface ProbeTiming {
  readonly sshPeaceMs: number
  readonly sshBurstMs: number
  /** At most 25 s: an idle IPMI session dies after 30. */
  readonly ipmiPeaceMs: number
  /** BMCs crash when asked more often than about every 5 s. */
  readonly ipmiBurstMs: number
}

/** What the pause before the next probe depends on. */
export interface Occasion {
  readonly state: HostState
  /** The state before the last probe. */
  readonly before: HostState
  /** In [0, 1): spreads peace probes by ±10 %, so that hosts are not asked in step. */
  readonly chance: number
}

/** Pause before the next probe of a channel. A new suspect's power is read at once: off is the quickest proof. */
export function nextProbeMs(
  timing: ProbeTiming,
  channel: Channel,
  { state, before, chance }: Occasion,
): number {
  const burst = state === 'suspect'
  if (burst && before !== 'suspect' && channel === 'ipmi') return 0
  const peaceMs = channel === 'ssh' ? timing.sshPeaceMs : timing.ipmiPeaceMs
  const burstMs = channel === 'ssh' ? timing.sshBurstMs : timing.ipmiBurstMs
  return burst ? burstMs : Math.round(peaceMs * (0.9 + chance * 0.2))
}
