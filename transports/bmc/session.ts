/** What a lane needs of the one session with its BMC, whatever protocol it speaks. */
import type { PowerState } from '../../actors/ports/power.ts'

/** What may be asked of a BMC. */
export type OrderKind = 'read' | 'off'

/** Opened when it is needed, kept, and replaced when it no longer answers. The lane sees to it that there is one order at a time. */
export interface BmcSession<Settings> {
  /** Carries out one order; an accepted power-off is answered with `off`. POWER_UNREACHABLE, POWER_MISCONFIGURED, POWER_COMMAND_FAILED, POWER_UNAVAILABLE. */
  perform(kind: OrderKind, bmc: Settings): Promise<PowerState>
  /** Whether something is kept that costs memory here or a session there. */
  isOpen(): boolean
  /** Ends the session in good order. Never throws. */
  close(): Promise<void>
  /** Ends the session at once, a command in flight included. Never throws. */
  kill(): Promise<void>
}
