/** No two engines act at the same time, in any interleaving; and the model can see it when they do. */
import test from 'ava'
import { LeaseKey, MemoryLease } from '../../transports/memory/lease.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import { silentLog } from '../support/logs.ts'
import { explore, follow, walk } from './explore.ts'
import { twoHolders, type ModelOptions } from './leadership-model.ts'

const SOUND: ModelOptions = { engines: 2, sabotage: 'none', losesLease: false }
/** All ways of two engines up to 11 steps. */
const STATES = 40_000
/** Deeper than that, some of the ways. */
const WALKS = { walks: 1500, steps: 80 }

const walkOf = (options: ModelOptions) => {
  const random = new SeededRandom(1)
  return walk(options, { ...WALKS, random: () => random.next() })
}

for (const [options, statesMax] of [
  [SOUND, STATES],
  [{ ...SOUND, engines: 3 }, STATES / 2],
  [{ ...SOUND, losesLease: true }, STATES / 2],
] as const) {
  const title = `${options.engines} engines${options.losesLease ? ', and a server that loses the lease' : ''}`
  test.serial(`${title}: nobody acts beside another, and no stale write changes anything`, (t) => {
    const { states, depth, violation } = explore(options, statesMax)
    t.log(
      `${states} states, all ways of less than ${depth} steps, and ${WALKS.walks} walks of ${WALKS.steps} steps`,
    )
    t.is(violation, undefined)
    t.is(walkOf(options).violation, undefined)
  })
}

const SEEDED = {
  'no-own-clock': /two engines may act: epochs 1 and 2/,
  'epoch-not-checked': /a write of epoch 1 has changed the store, whose epoch is 2/,
} as const

for (const sabotage of ['no-own-clock', 'epoch-not-checked'] as const) {
  test.serial(`${sabotage} is found, with its shortest trace`, (t) => {
    const { states, violation } = explore({ ...SOUND, sabotage }, 400_000)
    t.log(`${states} states`, ...(violation?.trace ?? []))
    t.regex(violation?.what ?? '', SEEDED[sabotage])
    t.true((violation?.trace.length ?? 0) < 20)
  })
}

/** The store is away, so engine 1 gives the lease back and tries again. It takes the lease before the release arrives. */
const SLOW_RELEASE = [
  'engine 1: campaign',
  'engine 1: the server handles create (write)',
  'engine 1: answer to create',
  'engine 1: the claim is given up',
  'time passes',
  'engine 1: campaign',
  'engine 1: the server handles create (write)',
  'engine 1: the server handles create (read)',
  'engine 1: the server handles create (rewrite)',
  'engine 1: answer to create',
  'engine 1: the store raises the epoch to 1',
  'engine 1: it has epoch 1',
  'engine 1: the server handles release (write)',
  'engine 1: the server handles release (read)',
]
const THEN_TAKEN = [
  'engine 1: the server handles release (rewrite)',
  'engine 2: campaign',
  'engine 2: the server handles create (write)',
  'engine 2: answer to create',
  'engine 2: the store raises the epoch to 2',
  'engine 2: it has epoch 2',
]

test('a release that comes late does not give back what was taken again', (t) => {
  t.not(follow(SOUND, SLOW_RELEASE), undefined)
  t.is(follow(SOUND, [...SLOW_RELEASE, ...THEN_TAKEN]), undefined)
  const sabotage = 'release-what-was-taken-again'
  const world = follow({ ...SOUND, sabotage }, [...SLOW_RELEASE, ...THEN_TAKEN])
  t.is(world && twoHolders(world), 'two engines may act: epochs 1 and 2')
})

test('nor does it in the transport', async (t) => {
  const clock = new VirtualClock()
  const key = new LeaseKey(6000, () => clock.monotonicMs())
  let slow: Promise<void> | undefined
  const wires = {
    clock,
    ask: async <Answer>({ apply }: { readonly apply: () => Answer }): Promise<Answer> => {
      await slow
      return apply()
    },
  }
  const lease = new MemoryLease({ wires, log: silentLog }, key, 'engine-1')
  const first = await lease.create('engine-1')
  const { promise, resolve } = Promise.withResolvers<void>()
  slow = promise
  const releasing = lease.release(first ?? 0)
  slow = undefined
  const again = await lease.create('engine-1')
  resolve()
  await releasing
  t.is(key.read().revision, again ?? -1)
})
