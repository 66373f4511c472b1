/** Host-years in which nobody dies: nobody is fenced, what is skipped changes nothing, and faults of our own are seen. */
import test from 'ava'
import { die, isolate } from '../../ops/simulator/host-years/deaths.ts'
import { ISOLATION_MS_MAX } from '../../ops/simulator/host-years/faults.ts'
import { HostYears, type Skip } from '../../ops/simulator/host-years/host-years.ts'
import {
  LossRuns,
  failuresBefore,
  meanShortRun,
  shortRunShare,
} from '../../ops/simulator/host-years/loss-runs.ts'
import { upperBound, type ClassTally } from '../../ops/simulator/host-years/tally.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { USUAL } from '../bench/false-verdicts.ts'

test('in 50 host-years with every fault no host that lives is fenced', async (t) => {
  const tally = await new HostYears(USUAL).run(50)
  t.true(tally.hostYears >= 50)
  t.is(tally.total('verdicts'), 0)
  for (const [name, { faults, suspicions }] of tally.byClass) {
    t.true(name === 'independent loss' || faults > 0, name)
    t.true(suspicions > 0, name)
  }
  t.true(tally.of('independent loss').naiveDeaths > 100)
  t.true(tally.of('independent loss').deadWords > 100)
})

test('with heartbeats neither', async (t) => {
  const tally = await new HostYears({ ...USUAL, heartbeats: true }).run(10)
  t.is(tally.total('verdicts'), 0)
})

test('one monitor whose leader does not look itself condemns living hosts', async (t) => {
  const tally = await new HostYears({ ...USUAL, monitors: 1, ownLook: 'off' }).run(5)
  t.true(tally.of('independent loss').verdicts > 10)
})

/** Much is lost, so that verdicts are frequent enough to be compared. */
const LOSSY = {
  ...USUAL,
  hosts: 1,
  hostsOfLosses: 1,
  monitors: 2,
  loss: 0.3,
  faultRate: 1e-9,
} as const
const OFTEN: Skip = { shortest: 12, left: 8 }
const NEVER: Skip = { shortest: Infinity, left: 0 }

test('episodes and every step agree at a loss of 30 %', async (t) => {
  const years = 0.03
  const episodes = await new HostYears({ ...LOSSY, skip: OFTEN }).run(years)
  const plain = await new HostYears({ ...LOSSY, seed: 2, skip: NEVER }).run(years)
  t.true(episodes.probesSimulated < 0.8 * episodes.probes, 'nothing was skipped')
  t.is(plain.probesSimulated, plain.probes)
  // One missed answer makes others likelier, so that counts vary by more than their roots.
  const agree = (field: keyof ClassTally, clusters: number): void => {
    const [one, other] = [episodes.total(field), plain.total(field)]
    const limit = 4 * Math.sqrt(clusters * (one + other))
    t.true(Math.abs(one - other) <= limit, `${field}: ${one} and ${other}, at most ${limit} apart`)
  }
  agree('suspicions', 2)
  agree('naiveDeaths', 1)
  agree('deadWords', 3)
  agree('incidents', 2)
  t.true(plain.total('incidents') > 50)
  agree('verdicts', 1)
  t.true(Math.abs(episodes.probes / plain.probes - 1) < 0.03)
  t.true(Math.abs(episodes.misses / episodes.probes - 0.3) < 0.005)
})

test('a bounded run of losses stays short, and the long one comes after as many places as were drawn', (t) => {
  const random = new SeededRandom(1)
  const runs = new LossRuns(random, 0.3, 3)
  runs.bound(20_000)
  let [places, losses, row, begun] = [0, 0, 0, 0]
  while (runs.isBounded) {
    if (row === 0) places += 1
    const isLost = runs.isLost('a host')
    if (!runs.isBounded) break
    if (isLost && row === 0) begun += 1
    row = isLost ? row + 1 : 0
    losses += isLost ? 1 : 0
    t.true(row < 3)
  }
  t.is(places, 20_001)
  t.true(runs.isLost('a host') && runs.isLost('a host'))
  t.true(Math.abs(begun / 20_000 - shortRunShare(0.3, 3)) < 0.01)
  t.true(Math.abs(losses / begun - meanShortRun(0.3, 3)) < 0.02)
})

test('a long run begins at every place with the power of the loss', (t) => {
  const random = new SeededRandom(1)
  const runs = new LossRuns(random, 0.3, 3)
  let [places, row, long] = [0, 0, 0]
  while (places < 100_000) {
    if (row === 0) places += 1
    row = runs.isLost('a host') ? row + 1 : 0
    if (row === 3) long += 1
  }
  t.true(Math.abs(long / places - 0.027) < 0.002)
  const drawn = Array.from({ length: 10_000 }, () => failuresBefore(random, 0.027))
  const mean = drawn.reduce((sum, each) => sum + each, 0) / drawn.length
  t.true(Math.abs(mean / (0.973 / 0.027) - 1) < 0.05)
})

for (const power of ['on', 'off'] as const) {
  test(`a dead host whose BMC reads ${power} is fenced in time, and no other one`, async (t) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const fate = await die(USUAL, seed, { power, limitMs: 30_000 })
      t.not(fate.fencedMs, undefined, `seed ${seed}`)
      t.false(fate.othersFenced, `seed ${seed}`)
    }
  })
}

test('a host that is cut off from everybody for a moment is not fenced, and for long it is', async (t) => {
  for (let seed = 1; seed <= 10; seed += 1) {
    t.is((await isolate(USUAL, seed, ISOLATION_MS_MAX)).fencedMs, undefined)
    t.not((await isolate(USUAL, seed, 60_000)).fencedMs, undefined)
  }
})

test('the upper bound is the rule of three, and that of Garwood after an event', (t) => {
  t.true(Math.abs(upperBound(0, 10_000) - 2.9957e-4) < 1e-7)
  t.true(Math.abs(upperBound(1, 1) - 4.7439) < 1e-3)
  t.true(Math.abs(upperBound(10, 1) - 16.9622) < 1e-3)
})
