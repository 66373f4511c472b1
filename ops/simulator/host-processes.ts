/** Starts a process on a simulated compute host with the host's operating system, and ends it with the host's power. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { HostName } from '../../schema/ids.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import { draw, type SeededRandom } from '../../transports/simulated/random.ts'

/** How often the host is looked at. A process of a host without power does nothing until then: its ports do not answer. */
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
  const look = (): void => {
    clock.schedule(LOOK_MS, look)
    const { isRunning, boot } = cloud.machine(host)
    if (startedAtBoot !== undefined && startedAtBoot !== boot) {
      startedAtBoot = undefined
      process.kill()
    }
    if (startedAtBoot !== undefined || !isRunning) return
    startedAtBoot = boot
    process.start()
  }
  clock.schedule(draw(random, [0, LOOK_MS]), look)
}
