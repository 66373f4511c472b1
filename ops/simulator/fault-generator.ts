/** What a kind of fault is: from chance and the places where something can break to the acts that break it. */
import type { RandomPort } from '../../actors/ports/clock.ts'
import { draw } from '../../transports/simulated/random.ts'
import type { Act } from './acts.ts'

export interface TimedAct {
  readonly atMs: number
  readonly act: Act
}

/** The places where something can break, and the chance that picks one. */
export interface Targets {
  readonly random: RandomPort
  readonly hosts: readonly string[]
  /** Of these, in the same plan, whoever acts is thinking: they die, or seem to. */
  readonly dying: readonly string[]
  /** Reserved hosts. */
  readonly spares: readonly string[]
  readonly segments: readonly string[]
  readonly instances: readonly string[]
}

/** The acts of one fault that begins at that moment. */
export type FaultGenerator = (targets: Targets, atMs: number) => readonly TimedAct[]

/** One of them. */
export function pick<Item>(random: RandomPort, items: readonly Item[]): Item {
  const item = items[draw(random, [0, items.length - 1])]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}
