/** The heartbeats of simulated hosts: what the instance monitor of each would send while its operating system runs. */
import { LeadershipTerm } from '../../actors/leadership/leadership-term.ts'
import type { BusPort } from '../../actors/ports/bus.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { HostName } from '../../schema/ids.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import { draw, type SeededRandom } from '../../transports/simulated/random.ts'
import { announcerOn } from '../roles/announcer.ts'

const INTERVAL_MS = 1000
/** Timers of a busy host are late by up to so much, ms. */
const LATE_MS = [0, 40] as const

export interface HeartbeatWorld {
  readonly clock: ClockPort
  readonly random: SeededRandom
  readonly cloud: SimulatedCloud
  readonly bus: BusPort
}

/** Sends them for as long as simulated time passes. A host that boots, or whose monitor starts again, is another incarnation. */
export function sendHeartbeats(world: HeartbeatWorld, host: HostName): void {
  const { clock, cloud, bus } = world
  const random = world.random.fork(`heartbeat of ${host}`)
  const term = new LeadershipTerm(clock)
  let sequence = 0
  const beat = (): void => {
    clock.schedule(INTERVAL_MS + draw(random, LATE_MS), beat)
    const { isRunning, network, boot, novaCompute } = cloud.machine(host)
    if (!isRunning || network === 'cut') return
    sequence += 1
    const from = { cloud: 'sim', node: host, incarnation: `${host}-${boot}` }
    announcerOn(bus, from, { clock, random, term }).announce('host.heartbeat', {
      hostName: host,
      sequence,
      boot: String(boot),
      libvirt: 'answers',
      libvirtAgeMs: 0,
      compute: novaCompute === 'up' ? 'runs' : 'gone',
      computeAgeMs: 0,
    })
  }
  clock.schedule(draw(random, [0, INTERVAL_MS]), beat)
}
