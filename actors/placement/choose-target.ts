/** Chooses the target of an instance, or the reason why there is none. Pure. */
import { amountOf, isWithin, minus, NOTHING, type Resources } from '../../schema/resources.ts'
import type { HostName } from '../../schema/ids.ts'
import type { Room } from '../ports/placement.ts'
import type { Pool } from './stages.ts'
import { ANYWHERE, type Target, type TargetName } from './targets.ts'

/**
 * What we have sent to a target since its room was read, and the number of its instances in all.
 */
export interface Load {
  readonly given: Resources
  readonly moves: number
}

export type Choice =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'wait'; readonly reason: string }
  /** No target is left that may be asked. */
  | { readonly kind: 'refused'; readonly reason: string }

/** What is known about the refusals of one pair of host and instance. */
export interface PairRefusals {
  readonly times: number
  /** How many of them Nova's scheduler gave. */
  readonly byScheduler: number
  /** Monotonic ms. */
  readonly askAgainAtMs: number
}

export type Refusals = ReadonlyMap<TargetName, PairRefusals>

export const NEVER_REFUSED: PairRefusals = { times: 0, byScheduler: 0, askAgainAtMs: 0 }

export interface Question {
  readonly stages: readonly Pool[]
  readonly targets: readonly Target[]
  readonly needs: Resources
  /** Hosts on which the evacuation of the instance failed in this run. They are not tried again. */
  readonly refusedBy: readonly HostName[]
  /**
   * Every host that refused the instance. Such a host is tried last, and not before its pause is
   * over.
   */
  readonly refusals: Refusals
  /** Nova's scheduler has no host for the instance. It is asked again later. */
  readonly schedulerIsFull: boolean
  /** Monotonic ms. */
  readonly nowMs: number
  readonly loadOf: (target: TargetName) => Load
  /**
   * Why the instance cannot go to a target, however much room there is; undefined when no reason is
   * known.
   */
  readonly objectionTo: (target: TargetName) => string | undefined
  /** The lower the number, the better the target fits the instance's server group. */
  readonly reluctanceOf: (target: TargetName) => number
}

/**
 * Every target with room is tried once before any is tried twice. Among targets that were tried
 * equally often, the first pool comes first; in it the host with the most memory left, and among
 * hosts with unknown room the one with the fewest of our moves.
 */
export function chooseTarget(question: Question): Choice {
  const { stages, refusedBy } = question
  const { reachable, suitable, open, askable } = narrowed(question)
  const best = bestOf(question, askable)
  if (best !== undefined) return { kind: 'target', target: best }
  if (reachable.length === 0) return { kind: 'wait', reason: nobody(stages) }
  const unsuitable = unsuitableIn(question, reachable)
  if (suitable.length === 0) return { kind: 'wait', reason: `no host is suitable: ${unsuitable}` }
  const also = unsuitable === '' ? '' : `; ${unsuitable}`
  if (open.length > 0) return { kind: 'wait', reason: `${noRoom(question, open)}${also}` }
  return { kind: 'refused', reason: `every target has refused it: ${refusedBy.join(', ')}` }
}

/**
 * Whether this target may be asked at present, although another one may be better by now. A target
 * that was just chosen always may.
 */
export const mayBeAsked = (question: Question, target: TargetName): boolean =>
  narrowed(question).askable.some(({ name }) => name === target)

/** The targets that remain after each condition. */
function narrowed(question: Question) {
  const { stages, targets, refusedBy } = question
  const reachable = targets.filter(({ pool }) => stages.includes(pool))
  const suitable = reachable.filter(({ name }) => question.objectionTo(name) === undefined)
  const open = suitable.filter(({ name }) => name === ANYWHERE || !refusedBy.includes(name))
  return { reachable, suitable, open, askable: askableOf(question, suitable, open) }
}

/** Each reason, with the hosts that it excludes. */
export function unsuitableIn(
  { objectionTo }: Pick<Question, 'objectionTo'>,
  targets: readonly Target[],
): string {
  const byReason = Map.groupBy(targets, ({ name }) => objectionTo(name))
  return [...byReason]
    .flatMap(([reason, all]) =>
      reason === undefined ? [] : [`not ${all.map(({ name }) => name).join(', ')}: ${reason}`],
    )
    .join('; ')
}

/**
 * When no other host has room, or Nova's scheduler accepts none, a host on which the evacuation
 * failed may be tried again.
 */
function askableOf(
  question: Question,
  reachable: readonly Target[],
  open: readonly Target[],
): readonly Target[] {
  const isHopeless = (target: Target): boolean =>
    pairOf(question, target.name).byScheduler > 0 || !hasRoom(question, target)
  const isLast = open.length > 0 && open.every(isHopeless)
  return (isLast ? reachable : open).filter(
    (target) =>
      pairOf(question, target.name).askAgainAtMs <= question.nowMs && hasRoom(question, target),
  )
}

const pairOf = ({ refusals }: Pick<Question, 'refusals'>, name: TargetName): PairRefusals =>
  refusals.get(name) ?? NEVER_REFUSED

function bestOf(question: Question, candidates: readonly Target[]): Target | undefined {
  const least = Math.min(...candidates.map(({ name }) => pairOf(question, name).times))
  const fresh = candidates.filter(({ name }) => pairOf(question, name).times === least)
  for (const stage of question.stages) {
    const [first, ...others] = fresh.filter(({ pool }) => pool === stage)
    if (first === undefined) continue
    return others.reduce((one, other) => (isBetter(question, other, one) ? other : one), first)
  }
  return undefined
}

function hasRoom({ needs, loadOf, schedulerIsFull }: Question, { name, room }: Target): boolean {
  if (name === ANYWHERE) return !schedulerIsFull
  return room === null || fits(room, loadOf(name).given, needs)
}

const fits = ({ free, largest }: Room, given: Resources, needs: Resources): boolean =>
  isWithin(needs, minus(free, given)) && isWithin(needs, largest)

function isBetter({ loadOf, reluctanceOf }: Question, one: Target, other: Target): boolean {
  const reluctance = reluctanceOf(one.name) - reluctanceOf(other.name)
  if (reluctance !== 0) return reluctance < 0
  const effort = effortOf(one, loadOf) - effortOf(other, loadOf)
  if (effort !== 0) return effort < 0
  const memory = memoryLeft(one, loadOf)
  const otherMemory = memoryLeft(other, loadOf)
  if (memory !== otherMemory) return memory > otherMemory
  return loadOf(one.name).moves < loadOf(other.name).moves
}

/**
 * A spare is not taken while another taken one has room. Spares with unknown room are each used in
 * turn.
 */
function effortOf({ name, state, room }: Target, loadOf: Question['loadOf']): number {
  if (state === 'active' || state === 'shared' || room === null) return 0
  return state === 'activating' || loadOf(name).moves > 0 ? 1 : 2
}

/** A host with known room is preferred to a host that may have none. */
const memoryLeft = ({ name, room }: Target, loadOf: Question['loadOf']): number =>
  room === null ? -1 : room.free.memoryMb - loadOf(name).given.memoryMb

const POOLS: Readonly<Record<Pool, string>> = {
  'in-service': 'no other host of the segment is in service',
  spares: 'no reserved host can be used',
}

const nobody = (stages: readonly Pool[]): string =>
  stages.map((stage) => POOLS[stage]).join(', and ')

function noRoom(question: Question, open: readonly Target[]): string {
  const { needs, refusedBy } = question
  const unaccepted = open.filter(({ name }) => pairOf(question, name).byScheduler > 0)
  const names = unaccepted.map(({ name }) => name).join(', ')
  const failed = refusedBy.length === 0 ? '' : `; refused by ${refusedBy.join(', ')}`
  if (unaccepted.length === open.length) {
    return `Nova's scheduler does not accept ${names} for it${failed}`
  }
  const who = open.some(({ name }) => name === ANYWHERE)
    ? "Nova's scheduler finds no host with room"
    : `no ${names === '' ? '' : 'other '}host of the segment has room`
  const also = names === '' ? '' : `; Nova's scheduler does not accept ${names}`
  return `${who} for ${amountOf(needs)}${also}${failed}`
}

export const NO_LOAD: Load = { given: NOTHING, moves: 0 }
