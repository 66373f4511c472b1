/** Seeded random numbers: known vectors, and forks that do not influence each other. */
import test from 'ava'
import { isUuid } from '../../../schema/ids.ts'
import {
  SeededRandom,
  draw,
  xoshiro128StarStar,
  type XoshiroState,
} from '../../../transports/simulated/random.ts'

const take = (random: SeededRandom, count: number): readonly number[] =>
  Array.from({ length: count }, () => random.next())

test('generator gives the numbers of the reference implementation', (t) => {
  const state: XoshiroState = [1, 2, 3, 4]
  t.deepEqual(
    Array.from({ length: 10 }, () => xoshiro128StarStar(state)),
    [
      11_520, 0, 5_927_040, 70_819_200, 2_031_721_883, 1_637_235_492, 1_287_239_034, 3_734_860_849,
      3_729_100_597, 4_258_142_804,
    ],
  )
})

test('same seed gives the same numbers and another seed gives others', (t) => {
  t.deepEqual(take(new SeededRandom(7), 100), take(new SeededRandom(7), 100))
  t.notDeepEqual(take(new SeededRandom(7), 100), take(new SeededRandom(8), 100))
})

test('fork depends only on the seed and its name, not on numbers drawn elsewhere', (t) => {
  const one = new SeededRandom(7)
  const other = new SeededRandom(7)
  take(other, 50)
  take(other.fork('b'), 50)
  t.deepEqual(take(one.fork('a'), 20), take(other.fork('a'), 20))
  t.notDeepEqual(take(one.fork('a'), 20), take(one.fork('b'), 20))
  t.notDeepEqual(take(one.fork('a'), 20), take(one, 20))
})

test('numbers are in [0, 1) and evenly spread', (t) => {
  const numbers = take(new SeededRandom('spread'), 20_000)
  t.true(numbers.every((number) => number >= 0 && number < 1))
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length / 20_000
    t.true(Math.abs(share - 0.1) < 0.01, `${tenth}: ${share}`)
  }
})

test('draw gives every whole number of its range and no other', (t) => {
  const random = new SeededRandom(1)
  const drawn = new Set(Array.from({ length: 200 }, () => draw(random, [3, 5])))
  t.deepEqual(
    [...drawn].toSorted((a, b) => a - b),
    [3, 4, 5],
  )
})

test('uuids are version 4 and do not repeat', (t) => {
  const random = new SeededRandom(1)
  const uuids = Array.from({ length: 1000 }, () => random.uuid())
  t.is(new Set(uuids).size, 1000)
  t.true(uuids.every((uuid) => isUuid(uuid)))
  t.true(uuids.every((uuid) => /^.{14}4.{4}[89ab]/.test(uuid)))
})
