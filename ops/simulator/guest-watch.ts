/** Checks that no guest is rebooted that nobody has hurt, whatever is reported of it. */
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'

export class GuestWatch {
  /** Guests that the plan did something to, by name. */
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

  /** A guest, by its id, is about to be rebooted or made anew. */
  reboots(node: string, instance: string): void {
    const row = this.#cloud.instances.find(({ id }) => id === instance)
    if (row === undefined || row.host === null || this.#touched.has(row.name)) return
    const runs = row.vmState === 'active' && this.#cloud.copiesOf(row.id).includes(row.host)
    if (!runs || this.#wasBroken(row.host)) return
    this.#report('I7', `${node} reboots ${row.name}, which is well`)
  }
}
