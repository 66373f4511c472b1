/** A BMC behind a wire that can be disturbed, and the port that asks it. */
import type { PowerPort } from '../../actors/ports/power.ts'
import type { BmcSettings } from '../../schema/control-attributes.ts'
import { openIpmiPower } from '../../transports/ipmi/power.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { startBmc, type Bmc } from './bmc.ts'
import { openUdpRelay, type UdpRelay } from './udp-relay.ts'

export interface BmcLine extends AsyncDisposable {
  readonly bmc: Bmc
  /** Through the wire. */
  readonly settings: BmcSettings
  readonly wire: UdpRelay
  readonly power: PowerPort
}

/** Long enough for ipmitool to end by itself: its words are what is tried. */
const PATIENT_MS = 40_000

/** Starts all three. */
export async function openBmcLine(): Promise<BmcLine> {
  await using stack = new AsyncDisposableStack()
  const bmc = stack.use(await startBmc())
  const wire = stack.use(await openUdpRelay(bmc.settings.port))
  const clock = new SystemClock()
  const options = { clock, minimumSpacingMs: 0, commandTimeoutMs: PATIENT_MS }
  const power = stack.use(openIpmiPower(options))
  const owned = stack.move()
  return {
    bmc,
    wire,
    power,
    settings: { ...bmc.settings, port: wire.port },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
