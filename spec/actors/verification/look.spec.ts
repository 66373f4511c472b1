/** What the leader's own look at a host proves, channel by channel. */
import test from 'ava'
import {
  beatSign,
  heartbeatSign,
  judgeLook,
  type Finding,
  type Signs,
} from '../../../actors/verification/look.ts'
import type { ComputeService } from '../../../actors/ports/compute.ts'
import type { ShellOutcome } from '../../../actors/ports/shell.ts'
import { serviceRow } from '../records.ts'

const ssh = (outcome: ShellOutcome): Signs['ssh'] => ({ outcome, detail: 'so it is' })
const power = (state: 'on' | 'off' | 'unknown'): Signs['power'] => ({ state, detail: 'the BMC' })
const BEAT = { isLife: true, detail: 'a heartbeat' }
const RECENT = { isLife: false, isRecent: true, detail: 'a heartbeat from before the report' }
const NO_BEAT = { isLife: false, detail: 'an old heartbeat' }

const TABLE: readonly (readonly [
  title: string,
  finding: Finding,
  signs: readonly [Signs['ssh'], Signs['power'], Signs['heartbeat']],
])[] = [
  ['SSH answers', 'alive', [ssh('alive'), undefined, NO_BEAT]],
  ['SSH answers and its power reads off', 'alive', [ssh('alive'), power('off'), NO_BEAT]],
  ['power on alone', 'nothing', [ssh('silent'), power('on'), NO_BEAT]],
  ['nothing answers', 'nothing', [ssh('silent'), power('unknown'), NO_BEAT]],
  ['SSH is silent and its power reads off', 'off', [ssh('silent'), power('off'), NO_BEAT]],
  ['power off and wrong credentials', 'off', [ssh('misconfigured'), power('off'), NO_BEAT]],
  ['wrong credentials are no life', 'nothing', [ssh('misconfigured'), power('on'), NO_BEAT]],
  ['SSH is refused and power is on', 'alive', [ssh('refused'), power('on'), NO_BEAT]],
  ['SSH is refused and power is off', 'off', [ssh('refused'), power('off'), NO_BEAT]],
  ['SSH is refused and power unknown', 'answers', [ssh('refused'), power('unknown'), NO_BEAT]],
  ['SSH is refused and nobody asked the BMC', 'answers', [ssh('refused'), undefined, NO_BEAT]],
  ['SSH is silent and there is a new heartbeat', 'beating', [ssh('silent'), power('on'), BEAT]],
  ['a new heartbeat, but power reads off now', 'off', [ssh('silent'), power('off'), BEAT]],
  ['without SSH a heartbeat outweighs the BMC', 'alive', [undefined, power('off'), BEAT]],
  ['without SSH power off', 'off', [undefined, power('off'), NO_BEAT]],
  ['after an order nobody asks for heartbeats', 'nothing', [ssh('silent'), power('on'), undefined]],
]

const OF_NOVA: typeof TABLE = [
  ['without SSH the next heartbeat is waited for', 'beating', [undefined, power('on'), RECENT]],
  ['its BMC is silent, too', 'beating', [undefined, power('unknown'), RECENT]],
  ['wrong credentials, and a recent one', 'beating', [ssh('misconfigured'), power('on'), RECENT]],
  ['SSH is silent, and a recent one', 'nothing', [ssh('silent'), power('on'), RECENT]],
  ['without SSH a recent one, but no power', 'off', [undefined, power('off'), RECENT]],
]

for (const [title, finding, [shell, chassis, heartbeat]] of [...TABLE, ...OF_NOVA]) {
  test(`a look finds ${finding}: ${title}`, (t) => {
    const look = judgeLook({ ssh: shell, power: chassis, beats: undefined, heartbeat }, 7)
    t.is(look.finding, finding)
    t.is(look.atMs, 7)
    t.true(look.reason.startsWith('the leader '))
  })
}

test('a host that has stopped to send heartbeats is not waited for', (t) => {
  const beats = { isLife: false, detail: 'its latest heartbeat came 9.0 s ago' }
  const signs = { ssh: undefined, power: power('on'), beats, heartbeat: RECENT }
  t.is(judgeLook(signs, 0).finding, 'nothing')
})

test('a look says what each channel showed', (t) => {
  const { evidence } = judgeLook(
    { ssh: ssh('silent'), power: power('on'), beats: undefined, heartbeat: NO_BEAT },
    0,
  )
  t.deepEqual(evidence, [
    'leader: SSH silent: so it is',
    'leader: the BMC',
    'leader: an old heartbeat',
  ])
})

const beat = (writtenAgoMs: number | null, change: Partial<ComputeService> = {}): ComputeService =>
  serviceRow({ up: true, writtenAgoMs, ...change })

test('a heartbeat is life when it came after the host fell silent, and lately', (t) => {
  t.true(heartbeatSign(beat(4000), 10_000).isLife)
  t.like(
    heartbeatSign(beat(4000), 3000),
    { isLife: false, isRecent: true },
    'older than the silence',
  )
  t.false(heartbeatSign(beat(4000), 8000).isLife, 'the clocks are not so sure')
  t.true(heartbeatSign(beat(15_000), 60_000).isLife)
  t.like(
    heartbeatSign(beat(15_001), 60_000),
    { isLife: false, isRecent: false },
    'Nova still calls it up',
  )
})

test('what others write into the row is no heartbeat', (t) => {
  t.false(heartbeatSign(beat(1000, { disabled: true }), 60_000).isRecent)
  t.false(heartbeatSign(beat(1000, { forcedDown: true }), 60_000).isLife)
  t.false(heartbeatSign(beat(1000, { disabled: true }), 60_000).isLife)
  t.false(heartbeatSign(beat(1000, { up: false }), 60_000).isLife)
  t.false(heartbeatSign(beat(null), 60_000).isLife)
  t.false(heartbeatSign(undefined, 60_000).isLife)
})

for (const [title, finding, [shell, chassis, beats]] of TABLE) {
  test(`heartbeats over the bus count like those in Nova: ${title}`, (t) => {
    t.is(judgeLook({ ssh: shell, power: chassis, beats, heartbeat: NO_BEAT }, 7).finding, finding)
  })
}

test('a heartbeat over the bus is life when it is fresh and came after the doubt', (t) => {
  t.true(beatSign(400, 500).isLife)
  t.false(beatSign(400, 400).isLife, 'it may be the last one before the death')
  t.true(beatSign(3000, 60_000).isLife)
  t.false(beatSign(3001, 60_000).isLife)
})
