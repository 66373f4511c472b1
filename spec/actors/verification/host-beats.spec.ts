/** Which heartbeats the leader takes for those of a host. */
import test from 'ava'
import { HostBeats } from '../../../actors/verification/host-beats.ts'
import { encode, type Encoded } from '../../../schema/messages/codec.ts'
import { ONE, TWO } from '../records.ts'

const beat = (hostName: string, sequence: number, incarnation = 'a'): Encoded => {
  const well = { libvirt: 'answers', libvirtAgeMs: 0, compute: 'runs', computeAgeMs: 0 } as const
  const from = {
    cloud: 'sim',
    node: hostName,
    incarnation,
    sequence,
    id: 'm',
    epoch: null,
    sentAt: 0,
  }
  return encode('host.heartbeat', { hostName, ...well }, from)
}

test('the latest heartbeat of a host counts for this host and for no other', (t) => {
  let counted = 0
  const beats = new HostBeats(() => void (counted += 1))
  for (const n of [1, 2, 3]) beats.note(beat(ONE, n), n * 1000)
  t.is(beats.latestAtMs(ONE), 3000)
  t.is(beats.latestAtMs(TWO), undefined)
  beats.note({ subject: beat(TWO, 1).subject, body: beat(ONE, 9).body }, 4000)
  t.is(beats.latestAtMs(TWO), undefined, 'nobody speaks for another')
  t.is(counted, 1)
  t.is(beats.latestAtMs(ONE), 3000)
})

test('a replay, noise and a message that is too long do not count, and hide nothing that came before', (t) => {
  const beats = new HostBeats(() => {})
  beats.note(beat(ONE, 5), 1000)
  t.is(beats.latestAtMs(ONE), 1000)
  for (const old of [beat(ONE, 5), beat(ONE, 4)]) beats.note(old, 2000)
  t.is(beats.latestAtMs(ONE), 1000)
  const { subject } = beat(ONE, 1)
  beats.note({ subject, body: new TextEncoder().encode('{}') }, 3000)
  beats.note({ subject, body: new Uint8Array(10_000) }, 3000)
  t.is(beats.latestAtMs(ONE), 1000)
  beats.note(beat(ONE, 1, 'b'), 4000)
  t.is(beats.latestAtMs(ONE), 4000, 'the monitor was started again')
  beats.note(beat(ONE, 6, 'a'), 5000)
  t.is(beats.latestAtMs(ONE), 4000, 'an incarnation that has ended does not come back')
})

test('a tape from before the last ten seconds is known as a replay, though nobody has looked', (t) => {
  const beats = new HostBeats(() => {})
  for (let n = 1; n <= 30; n += 1) beats.note(beat(ONE, n), n * 1000)
  for (let n = 1; n <= 20; n += 1) beats.note(beat(ONE, n), 30_000 + n * 1000)
  t.true((beats.latestAtMs(ONE) ?? 0) <= 30_000)
})
