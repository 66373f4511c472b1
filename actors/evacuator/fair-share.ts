/**
 * Chooses the evacuator that may send the next evacuation, so that every evacuator gets its share
 * and no host gets too many at once. Pure.
 */
import type { MoveId, SegmentId } from '../../schema/ids.ts'
import { ANYWHERE, type TargetName } from '../placement/targets.ts'

/** An evacuation that an evacuator asks the limiter for. */
export interface EvacuationRequest {
  readonly move: MoveId
  readonly target: TargetName
}

export interface InFlightEvacuation extends EvacuationRequest {
  /** False while Nova has accepted the evacuation and not begun it. */
  readonly begun: boolean
}

/**
 * The evacuations that one evacuator has in flight, and those that it wants to request next, in its
 * own order.
 */
export interface Requester {
  readonly segment: SegmentId
  readonly inFlight: ReadonlyMap<MoveId, InFlightEvacuation>
  readonly requests: readonly EvacuationRequest[]
}

/** The most evacuations that may be in flight at once. */
export interface Caps {
  readonly overall: number
  readonly perSegment: number
  readonly perTarget: number
}

/** Counts the evacuations in flight, by segment and by target. */
export class Traffic {
  total = 0
  /** Evacuations that Nova has not begun. */
  waiting = 0
  readonly #segments = new Map<SegmentId, number>()
  readonly #targets = new Map<TargetName, number>()

  add(segment: SegmentId, { target, begun }: Omit<InFlightEvacuation, 'move'>): void {
    this.total += 1
    if (!begun) this.waiting += 1
    this.#segments.set(segment, this.from(segment) + 1)
    this.#targets.set(target, this.to(target) + 1)
  }

  from(segment: SegmentId): number {
    return this.#segments.get(segment) ?? 0
  }

  /** 0 when Nova chooses the target, because the target is not known yet. */
  to(target: TargetName): number {
    return target === ANYWHERE ? 0 : (this.#targets.get(target) ?? 0)
  }
}

/**
 * The next request: of the segment with the fewest in flight; in it, of the evacuator with the
 * fewest; among equals, of the first one.
 */
export function nextAllowed<Who extends Requester>(
  requesters: Iterable<Who>,
  traffic: Traffic,
  caps: Caps,
): { readonly requester: Who; readonly request: EvacuationRequest } | undefined {
  if (traffic.total >= caps.overall) return undefined
  let best: { readonly requester: Who; readonly request: EvacuationRequest } | undefined
  for (const requester of requesters) {
    const { segment, inFlight, requests } = requester
    if (traffic.from(segment) >= caps.perSegment) continue
    const request = requests.find(
      ({ move, target }) => !inFlight.has(move) && traffic.to(target) < caps.perTarget,
    )
    if (request === undefined) continue
    if (best === undefined || isNeedier(requester, best.requester, traffic)) {
      best = { requester, request }
    }
  }
  return best
}

function isNeedier(one: Requester, other: Requester, traffic: Traffic): boolean {
  const bySegment = traffic.from(one.segment) - traffic.from(other.segment)
  return bySegment === 0 ? one.inFlight.size < other.inFlight.size : bySegment < 0
}
