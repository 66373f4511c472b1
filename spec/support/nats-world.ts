/** The bus on a real NATS server, for conformance specs. */
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { connectNats } from '../../transports/nats/connect.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import type { BusWorld } from './bus-world.ts'
import { silentLog } from './logs.ts'
import type { NatsServer } from './nats.ts'

const LEASE_TTL_MS = 2500
const STEP_MS = 20
const PATIENCE_MS = 30_000

/** A separate cloud on the server. The world does not stop the server. */
export function openNatsWorld(server: NatsServer): BusWorld {
  const cloud = `c${randomUUID().slice(0, 8)}`
  const clock = new SystemClock()
  const nodes = new AsyncDisposableStack()
  const until = async (
    condition: () => boolean | Promise<boolean>,
    what: string,
  ): Promise<void> => {
    const deadline = clock.monotonicMs() + PATIENCE_MS
    while (!(await condition())) {
      if (clock.monotonicMs() > deadline) throw new Error(`it never came to be that ${what}`)
      await setTimeout(STEP_MS)
    }
  }
  return {
    cloud,
    leaseTtlMs: LEASE_TTL_MS,
    async join(name) {
      const settings = {
        servers: [server.url],
        cloud,
        leaseTtlMs: LEASE_TTL_MS,
        node: name,
        keepsStreams: true,
      }
      const around = { clock, random: new SystemRandom(), log: silentLog }
      const node = nodes.use(connectNats({ ...settings, ...around }))
      await until(() => node.bus.connected(), 'a node is connected')
      await until(() => answered(() => node.lease.renew('nobody', 1_000_000)), 'a lease is there')
      return node
    },
    elapsedMs: () => clock.monotonicMs(),
    until,
    outcome: (promise) => promise,
    beginOutage: () => server.stop(),
    endOutage: () => server.restart(),
    async withoutAnswers(work) {
      await server.pause()
      await work()
      await server.resume()
    },
    [Symbol.asyncDispose]: () => nodes.disposeAsync(),
  }
}

/** True when the call no longer throws. */
const answered = (call: () => Promise<unknown>): Promise<boolean> =>
  call().then(
    () => true,
    () => false,
  )
