/** The rules of a seed: the shipped rules, in which some choices of operators are drawn anew. */
import type { Caps } from '../../actors/evacuator/fair-share.ts'
import type { RandomPort } from '../../actors/ports/clock.ts'
import { draw, SeededRandom } from '../../transports/simulated/random.ts'
import type { Rules } from '../roles/rules.ts'
import type { Layout } from './layout.ts'

/**
 * When there are spares, they join aggregates. With half of all seeds hosts return to service
 * automatically, and with one of three the limits of evacuations are so low that they are reached
 * often.
 */
export function rulesOfSeed(seed: number, layout: Layout, rules: Rules): Rules {
  const random = new SeededRandom(seed).fork('rules')
  const returnToService = draw(random, [0, 1]) === 0 ? 'automatic' : 'operator'
  return {
    ...rules,
    evacuator: { ...rules.evacuator, joinAggregates: layout.sparesPerSegment !== undefined },
    recovery: { ...rules.recovery, returnToService, deadDomain: deadDomainOf(seed) },
    concurrency: draw(random, [0, 2]) > 0 ? rules.concurrency : smallCaps(random),
  }
}

/** With half of all seeds a dead rack takes one place under the cap. */
const deadDomainOf = (seed: number): 'hosts' | 'one' =>
  draw(new SeededRandom(seed).fork('dead-domain'), [0, 1]) === 0 ? 'one' : 'hosts'

const smallCaps = (random: RandomPort): Caps => ({
  overall: draw(random, [2, 6]),
  perSegment: draw(random, [1, 4]),
  perTarget: draw(random, [1, 2]),
})
