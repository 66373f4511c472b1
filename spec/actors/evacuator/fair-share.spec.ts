/** Which evacuator may send the next evacuation: that of the segment with the fewest, never beyond a cap. */
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

/** In flight and wanted, as `move target`. */
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
  return nextAllowed(bidders, new Traffic(bidders), { ...FREE, ...caps })?.request.move
}

test('the first that was asked for comes first', (t) => {
  t.is(allowed([bidder('a', [], [bid('a1'), bid('a2')])]), 'a1')
  t.is(allowed([bidder('a', [], [])]), undefined)
})

test('the segment with fewer in flight comes first, whoever came first', (t) => {
  const many = bidder('a', [bid('a1'), bid('a2')], [bid('a3')])
  t.is(allowed([many, bidder('b', [bid('b1')], [bid('b2')])]), 'b2')
})

test('in a segment the recovery with fewer in flight comes first', (t) => {
  const many = bidder('a', [bid('a1'), bid('a2')], [bid('a3')])
  t.is(allowed([many, bidder('a', [], [bid('b1')])]), 'b1')
})

test('beyond the overall cap nobody is allowed', (t) => {
  const one = bidder('a', [bid('a1')], [bid('a2')])
  t.is(allowed([one, bidder('b', [bid('b1')], [])], { overall: 2 }), undefined)
  t.is(allowed([one], { overall: 2 }), 'a2')
})

test('a segment at its cap lets others go on', (t) => {
  const full = bidder('a', [bid('a1')], [bid('a2')])
  const other = bidder('b', [bid('b1'), bid('b2')], [bid('b3')])
  t.is(allowed([full, other], { perSegment: 1 }), undefined)
  t.is(allowed([full, bidder('b', [], [bid('b3')])], { perSegment: 1 }), 'b3')
})

test('a full target is passed over, for those behind who go elsewhere', (t) => {
  const caps = { perTarget: 1 }
  const busy = bidder('a', [bid('a1', TWO)], [bid('a2', TWO), bid('a3', THREE)])
  t.is(allowed([busy], caps), 'a3')
  t.is(allowed([busy, bidder('b', [], [bid('b1', TWO)])], caps), 'a3', 'whoever sent there')
})

test('where Nova chooses the target, no target is full', (t) => {
  const scheduled = bidder('a', [bid('a1', ANYWHERE), bid('a2', ANYWHERE)], [bid('a3', ANYWHERE)])
  t.is(allowed([scheduled], { perTarget: 1 }), 'a3')
})

test('what is in flight is not allowed a second time', (t) => {
  t.is(allowed([bidder('a', [bid('a1')], [bid('a1'), bid('a2')])]), 'a2')
})
