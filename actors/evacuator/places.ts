/** Where the instances of one evacuation may go, and what it has sent there since it looked. Pure. */
import type { HostName, MoveId } from '../../schema/ids.ts'
import { plus, type Resources } from '../../schema/resources.ts'
import type { Loads } from '../placement/bookings.ts'
import { chooseTarget, NO_LOAD, type Choice, type Load } from '../placement/choose-target.ts'
import type { Pool } from '../placement/stages.ts'
import { ANYWHERE, type Door, type Target, type TargetName } from '../placement/targets.ts'
import type { MoveTrack } from './instance-move.ts'

export interface Places {
  readonly stages: readonly Pool[]
  readonly targets: readonly Target[]
  /** Moves that were asked for since the room of the targets was read: Placement had not counted them. */
  readonly uncounted: ReadonlySet<MoveId>
  /** What other recoveries have sent to them since then. */
  readonly takenByOthers: Loads
}

/** The places with this door in another state. */
export const withDoor = (places: Places, name: TargetName, door: Door): Places => ({
  ...places,
  targets: places.targets.map((target) => (target.name === name ? { ...target, door } : target)),
})

/** The places without a target that cannot be had just now. */
export const withoutTarget = (places: Places, name: TargetName): Places => ({
  ...places,
  targets: places.targets.filter((target) => target.name !== name),
})

/** Who looks for a target. */
type Candidate = Pick<MoveTrack, 'needs' | 'refusedBy' | 'refusals' | 'scheduler'>

/** Gives targets out one after the other, so that the next instance finds less room. */
export class Assignment {
  readonly #places: Places
  readonly #nowMs: number
  readonly #loads: Map<TargetName, Load>

  constructor(places: Places, tracks: Iterable<MoveTrack>, nowMs: number) {
    this.#places = places
    this.#nowMs = nowMs
    this.#loads = new Map(places.takenByOthers)
    for (const { move, target, needs } of tracks) {
      if (target !== null) this.#add(target, places.uncounted.has(move) ? needs : null)
    }
  }

  choose(candidate: Candidate): Choice {
    return this.#chooseOf(this.#places.targets, candidate)
  }

  /** Whether there is room on one target, which is taken then. */
  takes(candidate: Candidate, name: TargetName): boolean {
    const { targets } = this.#places
    const only = targets.filter((target) => target.name === name && target.door === 'open')
    return this.#chooseOf(only, candidate).kind === 'target'
  }

  #chooseOf(targets: readonly Target[], candidate: Candidate): Choice {
    const { needs, refusedBy, refusals, scheduler } = candidate
    const { stages } = this.#places
    const loadOf = (target: TargetName): Load => this.#loads.get(target) ?? NO_LOAD
    const schedulerIsFull = this.#nowMs < scheduler.askAgainAtMs
    const asked = { refusedBy, refusals, schedulerIsFull, nowMs: this.#nowMs }
    const choice = chooseTarget({ stages, targets, needs, ...asked, loadOf })
    if (choice.kind === 'target') this.#add(choice.target.name, needs)
    return choice
  }

  #add(target: TargetName, needs: Resources | null): void {
    const { given, moves } = this.#loads.get(target) ?? NO_LOAD
    this.#loads.set(target, {
      given: needs === null ? given : plus(given, needs),
      moves: moves + 1,
    })
  }
}

/** The host of a target; null as long as Nova chooses. */
export const hostOf = (target: TargetName | null): HostName | null =>
  target === ANYWHERE ? null : target
