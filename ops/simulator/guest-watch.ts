/** Checks that a healthy guest is never rebooted, whatever is reported about it. */
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'

export class GuestWatch {
  /** The names of guests that the plan has damaged. */
  readonly #touched = new Set<string>()
  readonly #cloud: SimulatedCloud
  /** Whether a host was ever broken. */
  readonly #wasBroken: (host: string) => boolean
  readonly #report: (promise: string, text: string) => void

  constructor(world: {
    readonly cloud: SimulatedCloud
    readonly wasBroken: (host: string) => boolean
    readonly report: (promise: string, text: string) => void
  }) {
    this.#cloud = world.cloud
    this.#wasBroken = world.wasBroken
    this.#report = world.report
  }

  touch(name: string): void {
    this.#touched.add(name)
  }

  /** A guest (given by its id) is about to be rebooted or rebuilt. */
  reboots(node: string, instance: string): void {
    const row = this.#cloud.instances.find(({ id }) => id === instance)
    if (row === undefined || row.host === null || this.#touched.has(row.name)) return
    const runs = row.vmState === 'active' && this.#cloud.copiesOf(row.id).includes(row.host)
    if (!runs || this.#wasBroken(row.host)) return
    this.#report('I7', `${node} reboots ${row.name}, which is well`)
  }
}
