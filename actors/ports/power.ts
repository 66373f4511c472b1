/** The power of a machine, through its BMC. */
import type { BmcSettings } from '../../schema/control-attributes.ts'
import { isCoded, type CodedError } from '../../schema/errors.ts'

export type PowerState = 'on' | 'off'

/**
 * Errors of a fence device. They say nothing about the power state. UNAVAILABLE: there is no such
 * device.
 */
const POWER_TROUBLES = [
  'POWER_UNREACHABLE',
  'POWER_MISCONFIGURED',
  'POWER_COMMAND_FAILED',
  'POWER_UNAVAILABLE',
] as const

export const isPowerTrouble = (error: unknown): error is CodedError =>
  isCoded(error, ...POWER_TROUBLES)

export interface PowerPort {
  /** Reads the chassis power. POWER_UNREACHABLE, POWER_MISCONFIGURED, POWER_COMMAND_FAILED. */
  read(bmc: BmcSettings, signal?: AbortSignal): Promise<PowerState>
  /** Orders power off. Success proves nothing about the state; read it back. */
  off(bmc: BmcSettings, signal?: AbortSignal): Promise<void>
}

/** For regular readings of many BMCs. */
export interface PolledPowerPort extends PowerPort {
  readonly sessions: {
    /** Whether the session with the BMC is kept, so that the next reading does not open one. */
    isKept(bmc: BmcSettings): boolean
  }
}
