/** What a lane needs of the session with its BMC, over either protocol. */
import type { PowerState } from '../../actors/ports/power.ts'

/** The orders that a BMC can get. */
export type OrderKind = 'read' | 'off'

/**
 * A session is opened when it is needed, kept, and replaced when it does not answer any more. The
 * lane gives it one order at a time.
 */
export interface BmcSession<Settings> {
  /** Carries out one order; an accepted power-off is answered with `off`. POWER_UNREACHABLE, POWER_MISCONFIGURED, POWER_COMMAND_FAILED, POWER_UNAVAILABLE. */
  perform(kind: OrderKind, bmc: Settings): Promise<PowerState>
  /** Whether the session holds memory of this process or a session of the BMC. */
  isOpen(): boolean
  /** Logs out and ends the session. Never throws. */
  close(): Promise<void>
  /** Ends the session at once, and with it a command in flight. Never throws. */
  kill(): Promise<void>
}
