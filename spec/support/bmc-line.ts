/** A BMC behind a wire that can be disturbed, and the port that asks it. */
import type { PowerPort } from '../../actors/ports/power.ts'
import type { IpmiSettings } from '../../schema/control-attributes.ts'
import { openBmcPower } from '../../transports/bmc/power.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { startBmc, type Bmc } from './bmc.ts'
import { openUdpRelay, type UdpRelay } from './udp-relay.ts'

export interface BmcLine extends AsyncDisposable {
  readonly bmc: Bmc
  /** Through the wire. */
  readonly settings: IpmiSettings
  readonly wire: UdpRelay
  readonly power: PowerPort
}

/** Long enough for ipmitool to end by itself, because its output is tested, ms. */
const PATIENT_MS = 40_000

/**
 * Opens lines, at most so many at a time: tests that wait for ipmitool run at the same time, within
 * limits.
 */
export function bmcLines(max: number): () => Promise<BmcLine> {
  const waiting: (() => void)[] = []
  let free = max
  const leave = (): void => {
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }
  const enter = async (): Promise<void> => {
    if (free === 0) return new Promise((resolve) => void waiting.push(resolve))
    free -= 1
  }
  return async () => {
    await enter()
    return openBmcLine(leave)
  }
}

/** Starts the BMC, the wire and the port. */
async function openBmcLine(leave: () => void): Promise<BmcLine> {
  await using stack = new AsyncDisposableStack()
  stack.defer(leave)
  const bmc = stack.use(await startBmc())
  const wire = stack.use(await openUdpRelay(bmc.settings.port))
  const clock = new SystemClock()
  const options = { clock, minimumSpacingMs: 0, commandTimeoutMs: PATIENT_MS }
  const power = stack.use(openBmcPower(options))
  const owned = stack.move()
  return {
    bmc,
    wire,
    power,
    settings: { ...bmc.settings, port: wire.port },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
