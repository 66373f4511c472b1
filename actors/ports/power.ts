/** Power of a machine through its BMC. */
import type { BmcSettings } from '../../schema/control-attributes.ts'
import { isCoded, type CodedError } from '../../schema/errors.ts'

export type PowerState = 'on' | 'off'

/** What whoever stands between us and the power may throw: it says nothing about the state. UNAVAILABLE: there is nobody. */
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
  /** Orders power off; success says nothing about the state: read it back. */
  off(bmc: BmcSettings, signal?: AbortSignal): Promise<void>
}
