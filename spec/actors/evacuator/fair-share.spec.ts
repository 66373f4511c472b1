/**
 * Chooses the evacuator that may send the next evacuation: one of the segment with the fewest in
 * flight, within the caps.
 */
import test from 'ava'
import {
  Traffic,
  nextAllowed,
  type Caps,
  type EvacuationRequest,
  type InFlightEvacuation,
  type Requester,
} from '../../../actors/evacuator/fair-share.ts'
import { moveId, segmentId, type MoveId } from '../../../schema/ids.ts'
import { ANYWHERE, type TargetName } from '../../../actors/placement/targets.ts'
import { THREE, TWO } from '../records.ts'

const FREE: Caps = { overall: 64, perSegment: 64, perTarget: 64 }

/** Evacuations in flight and wanted ones, as `move target`. */
function bidder(
  segment: string,
  inFlight: readonly EvacuationRequest[],
  requests: readonly EvacuationRequest[],
): Requester {
  const flying = new Map<MoveId, InFlightEvacuation>(
    inFlight.map((each) => [each.move, { ...each, begun: true }]),
  )
  return { segment: segmentId(segment), inFlight: flying, requests }
}
const bid = (move: string, target: TargetName = TWO): EvacuationRequest => ({
  move: moveId(move),
  target,
})

function allowed(bidders: readonly Requester[], caps: Partial<Caps> = {}): string | undefined {
  const traffic = new Traffic()
  for (const { segment, inFlight } of bidders) {
    for (const evacuation of inFlight.values()) traffic.add(segment, evacuation)
  }
  return nextAllowed(bidders, traffic, { ...FREE, ...caps })?.request.move
}

test('the first request of an evacuator comes first', (t) => {
  t.is(allowed([bidder('a', [], [bid('a1'), bid('a2')])]), 'a1')
  t.is(allowed([bidder('a', [], [])]), undefined)
})

test('the segment with fewer evacuations in flight comes first, in any order of requests', (t) => {
  const many = bidder('a', [bid('a1'), bid('a2')], [bid('a3')])
  t.is(allowed([many, bidder('b', [bid('b1')], [bid('b2')])]), 'b2')
})

test('in a segment, the recovery with fewer evacuations in flight comes first', (t) => {
  const many = bidder('a', [bid('a1'), bid('a2')], [bid('a3')])
  t.is(allowed([many, bidder('a', [], [bid('b1')])]), 'b1')
})

test('at the overall cap, no request is allowed', (t) => {
  const one = bidder('a', [bid('a1')], [bid('a2')])
  t.is(allowed([one, bidder('b', [bid('b1')], [])], { overall: 2 }), undefined)
  t.is(allowed([one], { overall: 2 }), 'a2')
})

test('when one segment is at its cap, others continue', (t) => {
  const full = bidder('a', [bid('a1')], [bid('a2')])
  const other = bidder('b', [bid('b1'), bid('b2')], [bid('b3')])
  t.is(allowed([full, other], { perSegment: 1 }), undefined)
  t.is(allowed([full, bidder('b', [], [bid('b3')])], { perSegment: 1 }), 'b3')
})

test('a request to a full target is skipped, and later requests to other targets are allowed', (t) => {
  const caps = { perTarget: 1 }
  const busy = bidder('a', [bid('a1', TWO)], [bid('a2', TWO), bid('a3', THREE)])
  t.is(allowed([busy], caps), 'a3')
  t.is(allowed([busy, bidder('b', [], [bid('b1', TWO)])], caps), 'a3', 'whoever sent there')
})

test('when Nova chooses the target, no target counts as full', (t) => {
  const scheduled = bidder('a', [bid('a1', ANYWHERE), bid('a2', ANYWHERE)], [bid('a3', ANYWHERE)])
  t.is(allowed([scheduled], { perTarget: 1 }), 'a3')
})

test('an evacuation in flight is not allowed a second time', (t) => {
  t.is(allowed([bidder('a', [bid('a1')], [bid('a1'), bid('a2')])]), 'a2')
})
