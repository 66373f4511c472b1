/** The rules of a seed: those that ship, with some choices of operators drawn anew. */
import type { Caps } from '../../actors/evacuator/fair-share.ts'
import type { RandomPort } from '../../actors/ports/clock.ts'
import { draw, SeededRandom } from '../../transports/simulated/random.ts'
import type { Rules } from '../roles/rules.ts'
import type { Layout } from './layout.ts'

/**
 * Where there are spares, they join aggregates. Half of all seeds let hosts back by themselves, and one of three has caps on
 * evacuations that are easily met.
 */
export function rulesOfSeed(seed: number, layout: Layout, rules: Rules): Rules {
  const random = new SeededRandom(seed).fork('rules')
  const returnToService = draw(random, [0, 1]) === 0 ? 'automatic' : 'operator'
  return {
    ...rules,
    evacuator: { ...rules.evacuator, joinAggregates: layout.sparesPerSegment !== undefined },
    recovery: { ...rules.recovery, returnToService },
    concurrency: draw(random, [0, 2]) > 0 ? rules.concurrency : smallCaps(random),
  }
}

const smallCaps = (random: RandomPort): Caps => ({
  overall: draw(random, [2, 6]),
  perSegment: draw(random, [1, 4]),
  perTarget: draw(random, [1, 2]),
})
