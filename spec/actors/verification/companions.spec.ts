/** Whether the neighbours of a host that fails are still to be heard of before it is judged. */
import test from 'ava'
import { awaitedNeighbours } from '../../../actors/verification/companions.ts'
import type { HostSight } from '../../../actors/verification/cut.ts'
import { lost, sight, word } from './sights.ts'

const at = (nowMs: number) => ({ nowMs, longestMs: 5000 })
const dead = sight('a1', ['rack:1'], lost(), { doubtedSinceMs: 10_000 })
const alive = (reachedAtMs: number): HostSight =>
  sight('a2', ['rack:1'], undefined, { reachedAtMs })

test('a neighbour that was reached since the suspicion is not waited for', (t) => {
  t.is(awaitedNeighbours(dead, [dead, alive(10_100)], at(10_200)), undefined)
  t.is(awaitedNeighbours(dead, [dead, alive(9500)], at(10_200)), undefined, 'or just before it')
})

test('a neighbour that was reached before the suspicion only is waited for, and not longer than it is asked', (t) => {
  t.deepEqual(awaitedNeighbours(dead, [dead, alive(7000)], at(11_000)), {
    reason: 'the other hosts of rack:1 are asked first, whether they fail too',
    leftMs: 500,
  })
  t.is(awaitedNeighbours(dead, [dead, alive(7000)], at(14_800))?.leftMs, 200)
  t.is(awaitedNeighbours(dead, [dead, alive(7000)], at(15_000)), undefined)
})

const NOBODY: Readonly<Record<string, HostSight>> = {
  'in another rack': { ...alive(0), domains: ['rack:2'] },
  'out of service': { ...alive(0), service: 'out' },
  'that only others watch': { ...alive(0), observations: [word('nine', 'alive', 'ssh life')] },
  'without SSH': { ...alive(0), observations: [word('one', 'alive', 'power power')] },
  'that is doubted, too': sight('a2', ['rack:1'], lost()),
}

for (const [title, neighbour] of Object.entries(NOBODY)) {
  test(`a host ${title} is not waited for`, (t) => {
    t.is(awaitedNeighbours(dead, [dead, neighbour], at(10_100)), undefined)
  })
}

test('a host that is read as off waits until the power of its suspect neighbours was read', (t) => {
  const off = sight('a1', ['rack:1'], lost('power off'), { doubtedSinceMs: 10_000 })
  const suspect = sight('a2', ['rack:1'], [word('one', 'suspect', 'ssh silence')])
  t.is(awaitedNeighbours(off, [off, suspect], at(10_100))?.leftMs, 500)
  t.is(awaitedNeighbours(dead, [dead, suspect], at(10_100)), undefined)
})

test('a host that only others have reported is judged at once', (t) => {
  const reported = sight('a1', ['rack:1'], [])
  t.is(awaitedNeighbours(reported, [reported, alive(0)], at(10_100)), undefined)
})

test('the neighbours in a very large domain are not asked at once, and not waited for', (t) => {
  const many = Array.from({ length: 70 }, (_, index) =>
    sight(`h${index}`, ['rack:1'], undefined, { reachedAtMs: 0 }),
  )
  t.is(awaitedNeighbours(dead, [dead, ...many], at(10_100)), undefined)
})
