/** The in-process bus with virtual time, for conformance specs. */
import { setImmediate } from 'node:timers/promises'
import { MemoryBroker } from '../../transports/memory/broker.ts'
import { BROKER, type Passage } from '../../transports/memory/wires.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import type { BusWorld } from './bus-world.ts'
import { silentLog } from './logs.ts'

const LEASE_TTL_MS = 6000
const STEP_MS = 20
const PATIENCE_MS = 60_000

/** Opens a separate world. There is no server to share. */
export async function openMemoryWorld(): Promise<BusWorld> {
  const clock = new VirtualClock()
  let trouble: 'none' | 'outage' | 'no-answers' = 'none'
  const disturb = ({ from }: Passage): readonly number[] =>
    trouble === 'outage' || (trouble === 'no-answers' && from === BROKER) ? [] : [0]
  const broker = new MemoryBroker({ clock, log: silentLog, leaseTtlMs: LEASE_TTL_MS, disturb })
  const until = async (
    condition: () => boolean | Promise<boolean>,
    what: string,
  ): Promise<void> => {
    const deadline = clock.monotonicMs() + PATIENCE_MS
    while (!(await passing(condition()))) {
      if (clock.monotonicMs() > deadline) throw new Error(`it never came to be that ${what}`)
      await clock.pass(STEP_MS, () => setImmediate())
    }
  }
  /** Time must pass, because otherwise nothing that waits for a deadline would end. */
  const passing = async <Value>(value: Value | Promise<Value>): Promise<Value> => {
    if (!(value instanceof Promise)) return value
    const settled = value.then(
      () => 'settled',
      () => 'settled',
    )
    while ((await Promise.race([settled, setImmediate('pending')])) === 'pending') {
      await clock.pass(STEP_MS, () => setImmediate())
    }
    return await value
  }
  return {
    cloud: 'memory',
    leaseTtlMs: LEASE_TTL_MS,
    join: async (name) => ({ bus: broker.bus(name), lease: broker.lease(name) }),
    elapsedMs: () => clock.monotonicMs(),
    until,
    outcome: passing,
    async beginOutage() {
      trouble = 'outage'
    },
    async endOutage() {
      trouble = 'none'
    },
    async withoutAnswers(work) {
      trouble = 'no-answers'
      await work()
      trouble = 'none'
    },
    async [Symbol.asyncDispose]() {},
  }
}
