/**
 * Knows which hosts each engine could have seen alive. The engine must not do anything irreversible
 * to those hosts.
 */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import { ENGINES } from './process-names.ts'

/** A leader looks a few seconds before it orders. */
const LOOK_SLACK_MS = 15_000

export class SightWatch {
  /** When each host was last broken or not visible to an engine, by the names of both. */
  readonly #unseenAtMs = new Map<string, number>()
  readonly #clock: ClockPort
  readonly #cloud: SimulatedCloud
  readonly #report: (promise: string, text: string) => void

  constructor(world: {
    readonly clock: ClockPort
    readonly cloud: SimulatedCloud
    readonly report: (promise: string, text: string) => void
  }) {
    this.#clock = world.clock
    this.#cloud = world.cloud
    this.#report = world.report
  }

  /** Call this often. */
  lookAround(host: string, condition: 'well' | 'broken'): void {
    for (const node of ENGINES) {
      const isSeen = condition === 'well' && this.#cloud.hasWayTo(node, host)
      if (!isSeen) this.#unseenAtMs.set(`${node} ${host}`, this.#clock.monotonicMs())
    }
  }

  /** A node does something irreversible to a host. */
  acts(node: string, what: string, host: string): void {
    const unseenAtMs = this.#unseenAtMs.get(`${node} ${host}`) ?? -Infinity
    if (this.#clock.monotonicMs() - unseenAtMs <= LOOK_SLACK_MS) return
    this.#report('I7', `${node} ${what} ${host}, which is well and which it could have seen`)
  }
}
