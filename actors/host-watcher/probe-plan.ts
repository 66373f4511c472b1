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

/** Pause before the next probe. `chance` in [0, 1) spreads peace probes by ±10 %, so that hosts are not asked in step. */
export function nextProbeMs(
  timing: ProbeTiming,
  channel: Channel,
  state: HostState,
  chance: number,
): number {
  const burst = state === 'suspect'
  const peaceMs = channel === 'ssh' ? timing.sshPeaceMs : timing.ipmiPeaceMs
  const burstMs = channel === 'ssh' ? timing.sshBurstMs : timing.ipmiBurstMs
  return burst ? burstMs : Math.round(peaceMs * (0.9 + chance * 0.2))
}
