/** The target of an instance: the first pool with room, and in it the host with the most room. */
import test from 'ava'
import * as fc from 'fast-check'
import {
  chooseTarget,
  mayBeAsked,
  NO_LOAD,
  type Question,
} from '../../../actors/placement/choose-target.ts'
import { STAGES } from '../../../actors/placement/stages.ts'
import { ANYWHERE, type Target } from '../../../actors/placement/targets.ts'
import type { RecoveryMethod } from '../../../schema/records.ts'
import { hostName } from '../../../schema/ids.ts'
import { holds } from '../../support/holds.ts'
import { ONE, SMALL, THREE, TWO, roomRow, targetRow } from '../records.ts'

const LARGE = { vcpus: 4, memoryMb: 8192, diskGb: 40 }
const FOUR = hostName('compute-4')

const chosen = (change: Partial<Question>): string => {
  const choice = chooseTarget({
    stages: ['in-service'],
    targets: [ONE, TWO, THREE].map((name) => targetRow(name)),
    needs: SMALL,
    refusedBy: [],
    refusals: new Map(),
    nowMs: 0,
    schedulerIsFull: false,
    loadOf: () => NO_LOAD,
    objectionTo: () => undefined,
    reluctanceOf: () => 0,
    ...change,
  })
  return choice.kind === 'target' ? choice.target.name : `${choice.kind}: ${choice.reason}`
}
const withRoom = (...rooms: readonly (readonly [Target['name'], number])[]): readonly Target[] =>
  rooms.map(([name, count]) => targetRow(name, { room: roomRow(count) }))
const loads = (moves: Readonly<Record<string, number>>) => (name: string) => {
  const count = moves[name] ?? 0
  return { given: roomRow(count).free, moves: count }
}

test('among hosts without a known room, the least loaded is chosen, and the first among equals', (t) => {
  t.is(chosen({ loadOf: loads({ [ONE]: 2, [TWO]: 1, [THREE]: 1 }) }), TWO)
  t.is(chosen({ loadOf: loads({ [TWO]: 1 }) }), ONE)
})

test('the host with the most memory left is chosen, after subtracting what we sent there', (t) => {
  const targets = withRoom([ONE, 2], [TWO, 5], [THREE, 4])
  t.is(chosen({ targets }), TWO)
  t.is(chosen({ targets, loadOf: loads({ [TWO]: 2 }) }), THREE)
  t.is(chosen({ targets, loadOf: loads({ [TWO]: 1 }) }), THREE, 'of equals that with fewer moves')
})

test('a host with known room is preferred to one that may have none', (t) => {
  t.is(chosen({ targets: [targetRow(ONE), ...withRoom([TWO, 1])] }), TWO)
  t.is(chosen({ targets: [targetRow(ONE), ...withRoom([TWO, 0])] }), ONE)
})

test('a host without room is not asked, whichever resource is missing', (t) => {
  const tight = roomRow(1)
  for (const key of ['vcpus', 'memoryMb', 'diskGb'] as const) {
    for (const room of [
      { ...tight, free: { ...tight.free, [key]: SMALL[key] - 1 } },
      { ...tight, largest: { ...tight.largest, [key]: SMALL[key] - 1 } },
    ]) {
      t.is(
        chosen({ targets: [targetRow(ONE, { room })] }),
        'wait: no host of the segment has room for 1 VCPU, 2048 MB, 10 GB',
      )
    }
  }
  t.is(chosen({ targets: [targetRow(ONE, { room: tight })] }), ONE)
})

test('a resource that an instance does not need may be overcommitted already', (t) => {
  const full = { ...roomRow(1), free: { vcpus: 1, memoryMb: 2048, diskGb: -100 } }
  const targets = [targetRow(ONE, { room: full })]
  t.is(chosen({ targets, needs: { ...SMALL, diskGb: 0 } }), ONE)
})

test('a large instance goes where it fits', (t) => {
  t.is(chosen({ targets: withRoom([ONE, 3], [TWO, 4]), needs: LARGE }), TWO)
})

test('a target that refused the instance is not asked again', (t) => {
  t.is(chosen({ refusedBy: [ONE] }), TWO)
  const refusedBy = [ONE, TWO, THREE]
  t.is(
    chosen({ refusedBy }),
    'refused: every target has refused it: compute-1, compute-2, compute-3',
  )
  t.is(
    chosen({ targets: [], refusedBy: [ONE] }),
    'wait: no other host of the segment is in service',
  )
})

test('when Nova chooses, an instance waits while its scheduler has no host', (t) => {
  const targets = [targetRow(ANYWHERE)]
  t.is(chosen({ targets }), ANYWHERE)
  t.is(chosen({ targets, refusedBy: [TWO] }), ANYWHERE)
  t.is(
    chosen({ targets, schedulerIsFull: true }),
    "wait: Nova's scheduler finds no host with room for 1 VCPU, 2048 MB, 10 GB",
  )
  const spare = targetRow(TWO, { pool: 'spares', state: 'inactive' })
  const stages = STAGES.auto_priority
  t.is(chosen({ stages, targets: [...targets, spare], schedulerIsFull: true }), TWO)
})

const SPARES = withRoom([THREE, 2], [FOUR, 1]).map((target) => ({
  ...target,
  pool: 'spares' as const,
}))
const METHODS: readonly (readonly [RecoveryMethod, string, string, string])[] = [
  ['auto', TWO, 'wait', 'wait'],
  ['reserved_host', THREE, THREE, 'wait'],
  ['auto_priority', TWO, THREE, 'wait'],
  ['rh_priority', THREE, THREE, 'wait'],
]

for (const [method, whenAllHaveRoom, whenHostsAreFull, whenAllAreFull] of METHODS) {
  test(`${method} looks for room in its pools, in their order`, (t) => {
    const stages = STAGES[method]
    const hosts = withRoom([ONE, 1], [TWO, 1])
    const full = loads({ [ONE]: 1, [TWO]: 1 })
    const choose = (loadOf: Question['loadOf']): string =>
      chosen({ stages, targets: [...hosts, ...SPARES], loadOf }).replace(/^wait:.*/, 'wait')
    t.is(choose(loads({ [ONE]: 1 })), whenAllHaveRoom)
    t.is(choose(full), whenHostsAreFull)
    t.is(choose(loads({ [ONE]: 1, [TWO]: 1, [THREE]: 2, [FOUR]: 1 })), whenAllAreFull)
  })
}

test('with spares first, an instance goes to a host in service when no spare is free', (t) => {
  const targets = [...withRoom([ONE, 1]), ...SPARES]
  const loadOf = loads({ [THREE]: 2, [FOUR]: 1 })
  t.is(chosen({ stages: STAGES.rh_priority, targets, loadOf }), ONE)
})

test('when its pools have no host, an instance waits', (t) => {
  t.is(
    chosen({ stages: STAGES.rh_priority, targets: [] }),
    'wait: no reserved host can be used, and no other host of the segment is in service',
  )
})

const unaccepted = (...pairs: readonly (readonly [Target['name'], number, number?])[]) =>
  new Map(
    pairs.map(([name, times, askAgainAtMs = 0]) => [
      name,
      { times, byScheduler: times, askAgainAtMs },
    ]),
  )

test('every host is tried once before any is tried twice, whatever its room and its pool', (t) => {
  const targets = [
    ...withRoom([ONE, 9], [TWO, 1]),
    targetRow(THREE, { pool: 'spares', room: roomRow(1) }),
  ]
  const stages = STAGES.auto_priority
  t.is(chosen({ stages, targets, refusals: unaccepted([ONE, 1]) }), TWO)
  t.is(chosen({ stages, targets, refusals: unaccepted([ONE, 1], [TWO, 1]) }), THREE)
  const all = unaccepted([ONE, 2], [TWO, 1], [THREE, 2])
  t.is(chosen({ stages, targets, refusals: all }), TWO, 'then the one that was asked least')
})

test("a host that Nova's scheduler does not accept is tried again after its pause, and until then the instance waits", (t) => {
  const targets = withRoom([ONE, 1], [TWO, 1])
  const refusals = unaccepted([ONE, 1, 100], [TWO, 1, 200])
  const waits = "wait: Nova's scheduler does not accept compute-1, compute-2 for it"
  t.is(chosen({ targets, refusals, nowMs: 99 }), waits)
  t.is(chosen({ targets, refusals, nowMs: 100 }), ONE)
  t.is(
    chosen({ targets: withRoom([ONE, 1], [TWO, 0]), refusals: unaccepted([ONE, 1, 100]) }),
    "wait: no other host of the segment has room for 1 VCPU, 2048 MB, 10 GB; Nova's scheduler does not accept compute-1",
  )
})

test('a host on which the instance failed is tried again when no other has room', (t) => {
  const targets = withRoom([ONE, 9], [TWO, 0])
  const refusals = new Map([[ONE, { times: 1, byScheduler: 0, askAgainAtMs: 50 }]])
  t.is(
    chosen({ targets, refusedBy: [ONE], refusals, nowMs: 49 }),
    'wait: no host of the segment has room for 1 VCPU, 2048 MB, 10 GB; refused by compute-1',
  )
  t.is(chosen({ targets, refusedBy: [ONE], refusals, nowMs: 50 }), ONE)
})

test('a host on which the instance failed is tried again when no other is accepted', (t) => {
  const targets = withRoom([ONE, 1], [TWO, 1])
  const failed = [ONE, { times: 1, byScheduler: 0, askAgainAtMs: 50 }] as const
  const refusals = new Map([...unaccepted([TWO, 1, 100]), failed])
  t.is(
    chosen({ targets, refusedBy: [ONE], refusals, nowMs: 49 }),
    "wait: Nova's scheduler does not accept compute-2 for it; refused by compute-1",
  )
  t.is(chosen({ targets, refusedBy: [ONE], refusals, nowMs: 50 }), ONE)
})

const HOSTS = [ONE, TWO, THREE, FOUR] as const
const aPair = fc.record({
  times: fc.integer({ min: 1, max: 2 }),
  byScheduler: fc.integer({ min: 0, max: 1 }),
  askAgainAtMs: fc.constantFrom(0, 200),
})
const aTarget = (name: Target['name']): fc.Arbitrary<Target> =>
  fc
    .record({ pool: fc.constantFrom('in-service', 'spares'), room: fc.constantFrom(null, 0, 1) })
    .map(({ pool, room }) => targetRow(name, { pool, room: room === null ? null : roomRow(room) }))
const aQuestion: fc.Arbitrary<Question> = fc
  .record({
    targets: fc.tuple(...HOSTS.map(aTarget)),
    refusedBy: fc.subarray([...HOSTS]),
    pairs: fc.array(fc.tuple(fc.constantFrom(...HOSTS), aPair)),
    unsuitable: fc.subarray([...HOSTS]),
    method: fc.constantFrom<RecoveryMethod>('auto', 'reserved_host', 'auto_priority'),
  })
  .map(({ targets, refusedBy, pairs, unsuitable, method }) => ({
    stages: STAGES[method],
    targets,
    needs: SMALL,
    refusedBy,
    refusals: new Map(pairs),
    schedulerIsFull: false,
    nowMs: 100,
    loadOf: () => NO_LOAD,
    objectionTo: (name) => (unsuitable.some((one) => one === name) ? 'pinned' : undefined),
    reluctanceOf: () => 0,
  }))

test('a chosen target may be asked at once, so that the choice does not repeat for ever', (t) => {
  let chosenOnes = 0
  holds(
    t,
    fc.property(aQuestion, (question) => {
      const choice = chooseTarget(question)
      if (choice.kind !== 'target') {
        return HOSTS.every((name) => !mayBeAsked(question, name))
      }
      chosenOnes += 1
      return mayBeAsked(question, choice.target.name)
    }),
    { numRuns: 2000 },
  )
  t.true(chosenOnes > 100)
})
