/**
 * Where the instances of one evacuation may go, and which were sent there since the survey. Pure.
 */
import type { HostName, InstanceId, MoveId } from '../../schema/ids.ts'
import { amountsOf, plus, type Resources } from '../../schema/resources.ts'
import type { Loads } from '../placement/bookings.ts'
import {
  chooseTarget,
  mayBeAsked,
  NO_LOAD,
  unsuitableIn,
  type Choice,
  type Load,
  type Question,
} from '../placement/choose-target.ts'
import { objectionOfGroup, reluctanceOf, type Demands } from '../placement/suitability.ts'
import type { ServerGroup } from '../ports/compute.ts'
import type { Pool } from '../placement/stages.ts'
import { ANYWHERE, type Target, type TargetName, type TargetState } from '../placement/targets.ts'
import type { MoveTrack } from './move-track.ts'

export interface Places {
  readonly stages: readonly Pool[]
  readonly targets: readonly Target[]
  /**
   * Moves that were requested after the free capacity of the targets was read, so that Placement
   * had not counted them.
   */
  readonly uncounted: ReadonlySet<MoveId>
  /** The capacity that other recoveries have taken of them since then. */
  readonly takenByOthers: Loads
  readonly demands: Demands
}

/** The places with this spare in another state. */
export const withSpare = (places: Places, name: TargetName, state: TargetState): Places => ({
  ...places,
  targets: places.targets.map((target) => (target.name === name ? { ...target, state } : target)),
})

/** The places without a target that cannot be used at present. */
export const withoutTarget = (places: Places, name: TargetName): Places => ({
  ...places,
  targets: places.targets.filter((target) => target.name !== name),
})

/** A move that needs a target. */
type Candidate = Pick<MoveTrack, 'instance' | 'needs' | 'refusedBy' | 'refusals' | 'scheduler'>

/**
 * Assigns targets one after the other: each assignment leaves less capacity for the next instance.
 */
export class Assignment {
  readonly #places: Places
  readonly #nowMs: number
  readonly #loads: Map<TargetName, Load>
  /** The hosts where the instances of the dead host are, or to which they are moving. */
  readonly #whereabouts = new Map<InstanceId, HostName>()

  constructor(places: Places, tracks: Iterable<MoveTrack>, nowMs: number) {
    this.#places = places
    this.#nowMs = nowMs
    this.#loads = new Map(places.takenByOthers)
    for (const { move, instance, target, needs } of tracks) {
      const host = hostOf(target)
      if (host !== null) this.#whereabouts.set(instance, host)
      if (target !== null) this.#add(target, places.uncounted.has(move) ? needs : null)
    }
  }

  choose(candidate: Candidate): Choice {
    const choice = chooseTarget(this.#questionOf(candidate))
    if (choice.kind === 'target') this.#send(candidate, choice.target.name)
    return choice
  }

  /**
   * Whether the instance may be sent to the target that was chosen for it before. If so, it is
   * assigned to that target.
   */
  takes(candidate: Candidate, name: TargetName): boolean {
    const isActive = this.#places.targets.some(
      (target) => target.name === name && target.state === 'active',
    )
    if (!isActive || !mayBeAsked(this.#questionOf(candidate), name)) return false
    this.#send(candidate, name)
    return true
  }

  #questionOf({ instance, needs, refusedBy, refusals, scheduler }: Candidate): Question {
    const { stages, targets } = this.#places
    const nowMs = this.#nowMs
    const schedulerIsFull = nowMs < scheduler.askAgainAtMs
    const loadOf = (target: TargetName): Load => this.#loads.get(target) ?? NO_LOAD
    const suits = this.#suitabilityFor(instance)
    return { stages, targets, needs, refusedBy, refusals, schedulerIsFull, nowMs, loadOf, ...suits }
  }

  #send({ instance, needs }: Candidate, name: TargetName): void {
    this.#add(name, needs)
    const host = hostOf(name)
    if (host !== null) this.#whereabouts.set(instance, host)
  }

  /** Why some targets do not suit an instance, and which targets suit its server group better. */
  #suitabilityFor(instance: InstanceId): Pick<Question, 'objectionTo' | 'reluctanceOf'> {
    const { objections, groups } = this.#places.demands
    const known = objections.get(instance)
    const group = groups.get(instance)
    if (group === undefined)
      return { objectionTo: (name) => known?.get(name), reluctanceOf: () => 0 }
    const neighbours = this.#neighboursOf(instance, group)
    return {
      objectionTo: (name) => known?.get(name) ?? objectionOfGroup(group, name, neighbours),
      reluctanceOf: (name) => reluctanceOf(group, name, neighbours),
    }
  }

  #neighboursOf(instance: InstanceId, { members }: ServerGroup): readonly HostName[] {
    const { memberHosts } = this.#places.demands
    return members.flatMap((member) => {
      if (member === instance) return []
      const host = this.#whereabouts.get(member) ?? memberHosts.get(member)
      return host === undefined ? [] : [host]
    })
  }

  /** Why some targets do not suit an instance, as a text; empty when all suit. */
  explain({ instance }: Pick<MoveTrack, 'instance'>): string {
    const { stages, targets } = this.#places
    const reachable = targets.filter(({ pool }) => stages.includes(pool))
    return unsuitableIn(this.#suitabilityFor(instance), reachable)
  }

  #add(target: TargetName, needs: Resources | null): void {
    const { given, moves } = this.#loads.get(target) ?? NO_LOAD
    this.#loads.set(target, {
      given: needs === null ? given : plus(given, needs),
      moves: moves + 1,
    })
  }
}

/** The host of a target; null while Nova chooses the host. */
export const hostOf = (target: TargetName | null): HostName | null =>
  target === ANYWHERE ? null : target

/**
 * Hosts that are targets again, or have more capacity than before: Nova's scheduler may now accept
 * them.
 */
export function changedHosts(before: Places, after: Places): ReadonlySet<HostName> {
  const known = new Map(before.targets.map((target) => [target.name, target]))
  const changed = after.targets.filter((target) => hasMore(known.get(target.name), target))
  return new Set(changed.flatMap(({ name }) => hostOf(name) ?? []))
}

function hasMore(before: Target | undefined, after: Target): boolean {
  if (before === undefined) return true
  if (before.room === null || after.room === null) return false
  const had = amountsOf(before.room.free)
  return [...amountsOf(after.room.free)].some(([name, free]) => free > (had.get(name) ?? 0))
}

/** The tracks without the pauses of these hosts. How often each host refused stays counted. */
export function withoutPauses(
  tracks: ReadonlyMap<MoveId, MoveTrack>,
  hosts: ReadonlySet<HostName>,
  nowMs: number,
): ReadonlyMap<MoveId, MoveTrack> {
  if (hosts.size === 0) return tracks
  return new Map(
    [...tracks].map(([move, track]) => {
      const refusals = [...track.refusals].map(([name, pair]) => {
        const host = hostOf(name)
        const isChanged = host !== null && hosts.has(host) && pair.askAgainAtMs > nowMs
        return [name, isChanged ? { ...pair, askAgainAtMs: nowMs } : pair] as const
      })
      return [move, track.refusals.size === 0 ? track : { ...track, refusals: new Map(refusals) }]
    }),
  )
}
