/** Power of a machine through its BMC. */
import type { BmcSettings } from '../../schema/control-attributes.ts'

export type PowerState = 'on' | 'off'

export interface PowerPort {
  /** Reads the chassis power. POWER_UNREACHABLE, POWER_MISCONFIGURED, POWER_COMMAND_FAILED. */
  read(bmc: BmcSettings, signal?: AbortSignal): Promise<PowerState>
  /** Orders power off; success says nothing about the state: read it back. */
  off(bmc: BmcSettings, signal?: AbortSignal): Promise<void>
}
