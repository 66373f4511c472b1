/**
 * The type of a fault generator: from a source of chance and a list of targets, it makes the acts
 * of one fault.
 */
import type { RandomPort } from '../../actors/ports/clock.ts'
import { draw } from '../../transports/simulated/random.ts'
import type { Act } from './acts.ts'

export interface TimedAct {
  readonly atMs: number
  readonly act: Act
}

/** What can break, and the source of chance that picks from it. */
export interface Targets {
  readonly random: RandomPort
  readonly hosts: readonly string[]
  /** Hosts that die, or seem to die, in the same plan. What people do concerns these hosts. */
  readonly dying: readonly string[]
  /** Reserved hosts. */
  readonly spares: readonly string[]
  readonly segments: readonly string[]
  /** Racks by their numbers; none when no host has a failure domain. */
  readonly racks: readonly string[]
  readonly hostsIn: (rack: string) => readonly string[]
  readonly instances: readonly string[]
}

/** The acts of one fault that begins at that moment. */
export type FaultGenerator = (targets: Targets, atMs: number) => readonly TimedAct[]

/** Picks one item. */
export function pick<Item>(random: RandomPort, items: readonly Item[]): Item {
  const item = items[draw(random, [0, items.length - 1])]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}
