/** Who of several evacuators is allowed the next evacuation: nobody starves, and no host is flooded. Pure. */
import type { MoveId, SegmentId } from '../../schema/ids.ts'
import { ANYWHERE, type TargetName } from '../placement/targets.ts'

/** An evacuation that is under way, or is to be. */
export interface Bid {
  readonly move: MoveId
  readonly target: TargetName
}

/** One that is under way. */
export interface Flight extends Bid {
  /** False while Nova has only noted it down. */
  readonly begun: boolean
}

/** What one evacuator has in flight, and what it would ask for next, in its own order. */
export interface Bidder {
  readonly segment: SegmentId
  readonly inFlight: ReadonlyMap<MoveId, Flight>
  readonly bids: readonly Bid[]
}

/** Most evacuations in flight at once. */
export interface Caps {
  readonly overall: number
  readonly perSegment: number
  readonly perTarget: number
}

/** How many are in flight, from where and to where. */
export class Traffic {
  total = 0
  /** Those that Nova has not begun. */
  waiting = 0
  readonly #segments = new Map<SegmentId, number>()
  readonly #targets = new Map<TargetName, number>()

  constructor(bidders: Iterable<Bidder>) {
    for (const { segment, inFlight } of bidders) {
      for (const flight of inFlight.values()) this.add(segment, flight)
    }
  }

  add(segment: SegmentId, { target, begun }: Omit<Flight, 'move'>): void {
    this.total += 1
    if (!begun) this.waiting += 1
    this.#segments.set(segment, this.from(segment) + 1)
    this.#targets.set(target, this.to(target) + 1)
  }

  from(segment: SegmentId): number {
    return this.#segments.get(segment) ?? 0
  }

  /** Where Nova chooses, nobody knows. */
  to(target: TargetName): number {
    return target === ANYWHERE ? 0 : (this.#targets.get(target) ?? 0)
  }
}

/** The segment with the fewest in flight, in it the evacuator with the fewest, then the one that came first. */
export function nextAllowed<Who extends Bidder>(
  bidders: Iterable<Who>,
  traffic: Traffic,
  caps: Caps,
): { readonly bidder: Who; readonly bid: Bid } | undefined {
  if (traffic.total >= caps.overall) return undefined
  let best: { readonly bidder: Who; readonly bid: Bid } | undefined
  for (const bidder of bidders) {
    const { segment, inFlight, bids } = bidder
    if (traffic.from(segment) >= caps.perSegment) continue
    const bid = bids.find(
      ({ move, target }) => !inFlight.has(move) && traffic.to(target) < caps.perTarget,
    )
    if (bid === undefined) continue
    if (best === undefined || isNeedier(bidder, best.bidder, traffic)) best = { bidder, bid }
  }
  return best
}

function isNeedier(one: Bidder, other: Bidder, traffic: Traffic): boolean {
  const bySegment = traffic.from(one.segment) - traffic.from(other.segment)
  return bySegment === 0 ? one.inFlight.size < other.inFlight.size : bySegment < 0
}
