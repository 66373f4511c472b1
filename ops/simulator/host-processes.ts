/** Starts a process on a simulated compute host with the host's operating system, and ends it with the host's power. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { HostName } from '../../schema/ids.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import { draw, type SeededRandom } from '../../transports/simulated/random.ts'

/** The pause between two moments at which the host is looked at. A process of a host without power does nothing until then: its ports do not answer. */
const LOOK_MS = 1000

export interface HostWorld {
  readonly clock: ClockPort
  readonly random: SeededRandom
  readonly cloud: SimulatedCloud
}

export interface HostProcess {
  start(): void
  kill(): void
}

/** Runs the process for as long as simulated time passes. Each boot of the host has another process. */
export function runOnHost(world: HostWorld, host: HostName, process: HostProcess): void {
  const { clock, cloud } = world
  const random = world.random.fork(`process on ${host}`)
  let startedAtBoot: number | undefined
  let isDue = false
  const look = (): void => {
    isDue = false
    const { isRunning, boot } = cloud.machine(host)
    if (startedAtBoot !== undefined && startedAtBoot !== boot) {
      startedAtBoot = undefined
      process.kill()
    }
    if (startedAtBoot !== undefined || !isRunning) return
    startedAtBoot = boot
    process.start()
  }
  const firstMs = clock.monotonicMs() + draw(random, [0, LOOK_MS])
  /** Looks at the next moment at which it is the turn of this host. Of a host that does not change there is nothing to see. */
  const lookInTurn = (): void => {
    if (isDue) return
    isDue = true
    const sinceMs = clock.monotonicMs() - firstMs
    const turns = Math.max(0, Math.ceil(sinceMs / LOOK_MS))
    clock.schedule(turns * LOOK_MS - sinceMs, look)
  }
  lookInTurn()
  cloud.whenChanged(host, lookInTurn)
}
