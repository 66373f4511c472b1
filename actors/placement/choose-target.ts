/** Which target an instance is sent to, or why to none. Pure. */
import { amountOf, isWithin, minus, NOTHING, type Resources } from '../../schema/resources.ts'
import type { HostName } from '../../schema/ids.ts'
import type { Room } from '../ports/placement.ts'
import type { Pool } from './stages.ts'
import { ANYWHERE, type Target, type TargetName } from './targets.ts'

/** What we have sent to a target since its room was read, and how many instances in all. */
export interface Load {
  readonly given: Resources
  readonly moves: number
}

export type Choice =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'wait'; readonly reason: string }
  /** Nobody is left to ask. */
  | { readonly kind: 'refused'; readonly reason: string }

export interface Question {
  readonly stages: readonly Pool[]
  readonly targets: readonly Target[]
  readonly needs: Resources
  /** Hosts that have refused the instance: not asked again. */
  readonly refusedBy: readonly HostName[]
  /** Nova's scheduler has no host for it; asked again later. */
  readonly schedulerIsFull: boolean
  readonly loadOf: (target: TargetName) => Load
}

/** The first pool with room decides; in it the host with the most memory left, and of unknown ones that with the fewest of our moves. */
export function chooseTarget(question: Question): Choice {
  const { stages, targets, refusedBy } = question
  const reachable = targets.filter(({ pool }) => stages.includes(pool))
  const open = reachable.filter(({ name }) => name === ANYWHERE || !refusedBy.includes(name))
  for (const stage of stages) {
    const [best, ...others] = open.filter((target) => {
      return target.pool === stage && hasRoom(question, target)
    })
    if (best === undefined) continue
    const better = (one: Target, other: Target): Target =>
      isBetter(question, other, one) ? other : one
    return { kind: 'target', target: others.reduce(better, best) }
  }
  if (reachable.length === 0) return { kind: 'wait', reason: nobody(stages) }
  if (open.length > 0) return { kind: 'wait', reason: noRoom(question, open) }
  return { kind: 'refused', reason: `every target has refused it: ${refusedBy.join(', ')}` }
}

function hasRoom({ needs, loadOf, schedulerIsFull }: Question, { name, room }: Target): boolean {
  if (name === ANYWHERE) return !schedulerIsFull
  return room === null || fits(room, loadOf(name).given, needs)
}

const fits = ({ free, largest }: Room, given: Resources, needs: Resources): boolean =>
  isWithin(needs, minus(free, given)) && isWithin(needs, largest)

function isBetter({ loadOf }: Question, one: Target, other: Target): boolean {
  const effort = effortOf(one, loadOf) - effortOf(other, loadOf)
  if (effort !== 0) return effort < 0
  const memory = memoryLeft(one, loadOf)
  const otherMemory = memoryLeft(other, loadOf)
  if (memory !== otherMemory) return memory > otherMemory
  return loadOf(one.name).moves < loadOf(other.name).moves
}

/** No spare is taken while one that is taken has room. Of spares whose room is unknown, each is to take its share. */
function effortOf({ name, door, room }: Target, loadOf: Question['loadOf']): number {
  if (door === 'open' || door === 'shared' || room === null) return 0
  return door === 'opening' || loadOf(name).moves > 0 ? 1 : 2
}

/** A host whose room is known is preferred to one that may have none. */
const memoryLeft = ({ name, room }: Target, loadOf: Question['loadOf']): number =>
  room === null ? -1 : room.free.memoryMb - loadOf(name).given.memoryMb

const POOLS: Readonly<Record<Pool, string>> = {
  'in-service': 'no other host of the segment is in service',
  spares: 'no reserved host is there to be used',
}

const nobody = (stages: readonly Pool[]): string =>
  stages.map((stage) => POOLS[stage]).join(', and ')

function noRoom({ needs, refusedBy }: Question, open: readonly Target[]): string {
  const who = open.some(({ name }) => name === ANYWHERE)
    ? "Nova's scheduler finds no host with room"
    : 'no host of the segment has room'
  const refused = refusedBy.length === 0 ? '' : `; refused by ${refusedBy.join(', ')}`
  return `${who} for ${amountOf(needs)}${refused}`
}

export const NO_LOAD: Load = { given: NOTHING, moves: 0 }
