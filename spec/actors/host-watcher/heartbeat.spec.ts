/** Which heartbeats count: those whose sequence grows, of an incarnation that has not ended. */
import test from 'ava'
import * as fc from 'fast-check'
import {
  afterBeat,
  beatDetail,
  suspiciousAtMs,
  type Heart,
} from '../../../actors/host-watcher/heartbeat.ts'
import { hostName } from '../../../schema/ids.ts'
import { readBeat, type Beat } from '../../../actors/verification/host-beats.ts'
import { encode, type Encoded } from '../../../schema/messages/codec.ts'
import { holds } from '../../support/holds.ts'

const RULES = {
  threshold: 8,
  graceMs: 2000,
  intervalMs: 1000,
  deviationMsMin: 250,
  pauseMsMax: 10_000,
}
const beat = (incarnation: string, sequence: number): Beat => ({
  incarnation,
  sequence,
  body: {
    hostName: 'compute-1',
    libvirt: 'answers',
    libvirtAgeMs: 400,
    compute: 'gone',
    computeAgeMs: 5000,
  },
})

/** Those that counted. */
function counted(beats: readonly Beat[]): readonly string[] {
  let heart: Heart | undefined
  const names: string[] = []
  for (const [index, each] of beats.entries()) {
    const next = afterBeat(heart, each, index * 1000, RULES)
    if (next === undefined) continue
    heart = next
    names.push(`${each.incarnation}${each.sequence}`)
  }
  return names
}

const onTheWire = (type: 'host.heartbeat' | 'leader.proclaimed'): Encoded => {
  const from = {
    cloud: 'c',
    node: 'n',
    incarnation: 'a',
    sequence: 1,
    id: 'a.1',
    epoch: null,
    sentAt: 0,
  }
  const { body } = beat('a', 1)
  return type === 'host.heartbeat'
    ? encode(type, body, from)
    : encode(type, { epoch: 1, holder: 'n' }, from)
}

test('a heartbeat counts for the host whose subject it comes on, and for no other', (t) => {
  const message = onTheWire('host.heartbeat')
  const { subject, body } = message
  t.like(
    readBeat(message, hostName('compute-1'), () => {}),
    { incarnation: 'a', sequence: 1 },
  )
  t.is(
    readBeat(message, hostName('compute-2'), () => {}),
    undefined,
  )
  t.is(
    readBeat(onTheWire('leader.proclaimed'), hostName('compute-1'), () => {}),
    undefined,
  )
  const of = (change: Partial<Encoded>) =>
    readBeat({ subject, body, ...change }, hostName('compute-1'), () => {})
  t.is(of({ subject: 'ha.c.heartbeat.host.compute-2' }), undefined)
  t.is(of({ body: body.slice(0, -5) }), undefined)
  t.is(of({ body: new Uint8Array(0) }), undefined)
})

test('a sequence that does not grow is a replay', (t) => {
  const story = [beat('a', 1), beat('a', 2), beat('a', 2), beat('a', 1), beat('a', 5)]
  t.deepEqual(counted(story), ['a1', 'a2', 'a5'])
})

test('a monitor that starts again is another incarnation, and the old one has ended', (t) => {
  const story = [beat('a', 7), beat('b', 1), beat('a', 8), beat('b', 2), beat('a', 9)]
  t.deepEqual(counted(story), ['a7', 'b1', 'b2'])
})

test('a tape of all that was ever sent counts for nothing', (t) => {
  const beats = fc.array(
    fc.record({
      incarnation: fc.constantFrom('a', 'b', 'c', 'd'),
      sequence: fc.integer({ min: 0, max: 9 }),
    }),
    { maxLength: 30 },
  )
  holds(
    t,
    fc.property(beats, (said) => {
      const story = said.map(({ incarnation, sequence }) => beat(incarnation, sequence))
      return counted([...story, ...story]).length === counted(story).length
    }),
  )
})

test('a pause is learned within one incarnation only', (t) => {
  const first = afterBeat(undefined, beat('a', 1), 0, RULES)
  const second = afterBeat(first, beat('a', 2), 1200, RULES)
  t.deepEqual(second?.pauses, [1200])
  const other = afterBeat(second, beat('b', 1), 9000, RULES)
  t.deepEqual(other?.pauses, [1200])
  t.is(other === undefined ? 0 : suspiciousAtMs(other, RULES) - 9000 > 2000, true)
})

test('a heartbeat tells how the parts of its host are', (t) => {
  t.is(beatDetail(beat('a', 1).body), 'libvirt answers (0 s ago), nova-compute is gone (5 s ago)')
})
