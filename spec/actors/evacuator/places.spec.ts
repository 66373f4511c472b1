/** When a host that Nova's scheduler did not accept may be tried again before its pause is over. */
import test from 'ava'
import { changedHosts, withoutPauses } from '../../../actors/evacuator/places.ts'
import { M1, ONE, THREE, TWO, roomRow, targetRow } from '../records.ts'
import { placesOf, trackRow } from './tracks.ts'

const withRoom = (count: number) => placesOf(targetRow(TWO, { room: roomRow(count) }))

test('a host with more free room, or that is a target again, has changed', (t) => {
  t.deepEqual([...changedHosts(withRoom(1), withRoom(2))], [TWO])
  t.deepEqual([...changedHosts(placesOf(), withRoom(1))], [TWO])
  const gpu = targetRow(TWO, {
    room: { ...roomRow(1), free: { ...roomRow(1).free, others: { VGPU: 1 } } },
  })
  t.deepEqual([...changedHosts(withRoom(1), placesOf(gpu))], [TWO])
})

test('a host with less or equal free room, or with unknown room, has not changed', (t) => {
  t.is(changedHosts(withRoom(2), withRoom(1)).size, 0)
  t.is(changedHosts(withRoom(1), withRoom(1)).size, 0)
  t.is(changedHosts(placesOf(targetRow(TWO)), withRoom(1)).size, 0)
})

test('the pause of a changed host is over, and its refusals stay counted', (t) => {
  const pair = { times: 3, byScheduler: 3, askAgainAtMs: 90_000 }
  const refusals = new Map([ONE, TWO, THREE].map((name) => [name, pair]))
  const tracks = new Map([[M1, trackRow({ refusals })]])
  const after = withoutPauses(tracks, new Set([TWO]), 100).get(M1)?.refusals
  t.deepEqual(after?.get(TWO), { ...pair, askAgainAtMs: 100 })
  t.deepEqual(after?.get(ONE), pair)
})
