/** Whose lists of guests count, and for which host. */
import test from 'ava'
import { GuestLists } from '../../../actors/guest-follower/guest-lists.ts'
import { encode, type Encoded } from '../../../schema/messages/codec.ts'
import type { GuestsRunning } from '../../../schema/messages/observation.ts'
import { I1, ONE, TWO } from '../records.ts'

const FROM = {
  cloud: 'sim',
  node: 'compute-1',
  incarnation: 'i',
  sequence: 1,
  id: 'm',
  epoch: null,
  sentAt: 0,
}

const said = (hostName: string, change: Partial<GuestsRunning['guests'][number]> = {}): Encoded =>
  encode(
    'guests.running',
    { hostName, guests: [{ instance: I1, runsForMs: 5000, agent: 'silent', ...change }] },
    FROM,
  )

test('the latest list of a host counts for this host and for no other', (t) => {
  const lists = new GuestLists(() => {})
  lists.note(said(ONE), 100)
  lists.note(said(ONE, { runsForMs: 9000 }), 200)
  t.is(lists.of(ONE)?.atMs, 200)
  t.is(lists.of(ONE)?.guests.get(I1)?.runsForMs, 9000)
  t.is(lists.of(TWO), undefined)
})

test('nobody speaks for another host: the list must name the host of its subject, or is counted, once', (t) => {
  let counted = 0
  const lists = new GuestLists(() => void (counted += 1))
  lists.note({ subject: said(TWO).subject, body: said(ONE).body }, 100)
  for (let look = 0; look < 3; look += 1) t.is(lists.of(TWO), undefined)
  t.is(lists.of(ONE), undefined)
  t.is(counted, 1)
})

test('what is no list, or is too long for one, counts for nothing', (t) => {
  const lists = new GuestLists(() => {})
  const { subject } = said(ONE)
  lists.note({ subject, body: new TextEncoder().encode('{}') }, 100)
  t.is(lists.of(ONE), undefined)
  lists.note(said(ONE), 200)
  lists.note({ subject, body: new Uint8Array(300_000) }, 300)
  t.is(lists.of(ONE)?.atMs, 200)
})

test('a flood of lists is bounded', (t) => {
  const lists = new GuestLists(() => {})
  for (let host = 0; host < 10_100; host += 1) lists.note(said(`compute-${host}`), host)
  t.is(lists.size, 10_000)
})
