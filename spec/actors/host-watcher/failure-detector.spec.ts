/** What one observer concludes about one host, for every combination of what its channels show. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import * as fc from 'fast-check'
import {
  MEANINGS,
  TRACE_MS,
  evidenceOf,
  judge,
  observe,
  type Channel,
  type ChannelView,
  type ChannelViews,
  type Sign,
  type SignOf,
} from '../../../actors/host-watcher/failure-detector.ts'
import type { HostState } from '../../../schema/messages/observation.ts'
import { holds } from '../../support/holds.ts'

const RULES = {
  samples: 3,
  freshMs: { ssh: 18_000, power: 65_000, heartbeat: Infinity, compute: 70_000 },
}
const NOW = 100_000

const SSH_SIGNS = ['alive', 'refused', 'silent', 'misconfigured'] as const
const POWER_SIGNS = ['on', 'off', 'silent', 'misconfigured'] as const
const BEATS = ['absent', 'beating', 'silent'] as const

interface Shown {
  readonly ssh?: SignOf<'ssh'> | undefined
  readonly power?: SignOf<'power'> | undefined
  readonly heartbeat?: SignOf<'heartbeat'> | undefined
  readonly compute?: SignOf<'compute'> | undefined
}

/** Each sign seen so often, just now; silence began before. */
function viewsOf(shown: Shown, times = 3): ChannelViews {
  const view = <Name extends Sign>(sign: Name): ChannelView<Name> => ({
    sign,
    times,
    timesSince: times,
    detail: 'detail',
    atMs: NOW,
    sinceMs: NOW - 10_000,
  })
  const { ssh, power, heartbeat, compute } = shown
  return {
    ...(ssh === undefined ? {} : { ssh: view(ssh) }),
    ...(power === undefined ? {} : { power: view(power) }),
    ...(heartbeat === undefined ? {} : { heartbeat: view(heartbeat) }),
    ...(compute === undefined ? {} : { compute: view(compute) }),
  }
}

const judged = (views: ChannelViews, nowMs = NOW): HostState => judge(views, RULES, nowMs)

type Column = (typeof POWER_SIGNS)[number] | 'absent'
type Row = (typeof SSH_SIGNS)[number] | 'absent'
type Table = Readonly<Record<Row, Readonly<Record<Column, HostState>>>>

/** After as many equal signs as count, without a heartbeat. */
const SETTLED: Table = {
  alive: {
    on: 'alive',
    off: 'alive',
    silent: 'alive',
    misconfigured: 'alive',
    absent: 'alive',
  },
  refused: {
    on: 'alive',
    off: 'dead',
    silent: 'suspect',
    misconfigured: 'suspect',
    absent: 'suspect',
  },
  silent: {
    on: 'dead',
    off: 'dead',
    silent: 'dead',
    misconfigured: 'dead',
    absent: 'dead',
  },
  misconfigured: {
    on: 'misconfigured',
    off: 'misconfigured',
    silent: 'misconfigured',
    misconfigured: 'misconfigured',
    absent: 'misconfigured',
  },
  absent: {
    on: 'alive',
    off: 'dead',
    silent: 'blind',
    misconfigured: 'misconfigured',
    absent: 'blind',
  },
}

/** What a missing heartbeat changes: only where nothing is known of the operating system, and where power is off. */
function withoutBeat(ssh: Row, power: Column): HostState {
  const state = SETTLED[ssh][power]
  return ssh === 'absent' && state !== 'dead' ? 'suspect' : state
}

const asSign = <Name extends string>(sign: Name | 'absent'): Name | undefined =>
  sign === 'absent' ? undefined : sign

for (const ssh of [...SSH_SIGNS, 'absent'] as const) {
  for (const power of [...POWER_SIGNS, 'absent'] as const) {
    for (const beat of BEATS) {
      const state =
        beat === 'beating'
          ? 'alive'
          : beat === 'silent'
            ? withoutBeat(ssh, power)
            : SETTLED[ssh][power]
      test(`a host is ${state} when SSH is ${ssh}, power ${power} and its heartbeat ${beat} for long`, (t) => {
        const shown = { ssh: asSign(ssh), power: asSign(power), heartbeat: asSign(beat) }
        t.is(judged(viewsOf(shown)), state)
        // Seen for the first time, only power off beside silence is worse than suspicion.
        const isOff = power === 'off' && (ssh === 'silent' || beat === 'silent')
        const first = state === 'dead' && !isOff ? 'suspect' : state
        t.is(judged(viewsOf(shown, 1)), first)
      })
    }
  }
}

test('the table of what signs mean is the one in the document', (t) => {
  const page = readFileSync('ops/docs/channels.md', 'utf8')
  const rows = [...page.matchAll(/^\| ([a-z]+) \| ([a-z-]+) \| ([a-z]+) \|$/gm)]
  const documented = rows.map(([, channel, sign, meaning]) => `${channel} ${sign} ${meaning}`)
  const coded = Object.entries(MEANINGS).flatMap(([channel, signs]) =>
    Object.entries(signs).map(([sign, meaning]) => `${channel} ${sign} ${meaning}`),
  )
  t.deepEqual(documented, coded)
})

test('silence is death only after as many samples as the rules say', (t) => {
  t.is(judged(viewsOf({ ssh: 'silent', power: 'on' }, 2)), 'suspect')
  t.is(judged(viewsOf({ ssh: 'silent', power: 'on' }, 3)), 'dead')
})

test('power off is believed at the second read, or at the first while the operating system is silent', (t) => {
  t.is(judged(viewsOf({ ssh: 'refused', power: 'off' }, 1)), 'suspect')
  t.is(judged(viewsOf({ ssh: 'refused', power: 'off' }, 2)), 'dead')
  t.is(judged(viewsOf({ ssh: 'silent', power: 'off' }, 1)), 'dead')
  t.is(judged(viewsOf({ ssh: 'refused', power: 'off', heartbeat: 'silent' }, 1)), 'dead')
})

const seen = (views: ChannelViews, channel: Channel, sign: Sign, atMs: number): ChannelViews =>
  observe(views, channel, { sign: sign as never, detail: sign, atMs })

test('a missing heartbeat overtakes an older answer over SSH, and a newer one overtakes it', (t) => {
  const answered = seen({}, 'ssh', 'alive', 1000)
  const missing = seen(answered, 'heartbeat', 'silent', 3000)
  t.is(judged(missing, 3000), 'suspect')
  t.is(judged(seen(missing, 'ssh', 'alive', 3100), 3100), 'alive')
})

test('silence that began while another channel showed life is counted anew', (t) => {
  let views: ChannelViews = seen({}, 'heartbeat', 'beating', 0)
  for (let at = 1000; at <= 9000; at += 1000) {
    views = seen(seen(views, 'ssh', 'silent', at), 'heartbeat', 'beating', at + 500)
  }
  t.is(judged(views, 9500), 'alive')
  views = seen(views, 'heartbeat', 'silent', 11_800)
  t.is(judged(views, 11_800), 'suspect')
  views = seen(seen(views, 'ssh', 'silent', 12_000), 'ssh', 'silent', 13_000)
  t.is(judged(views, 13_000), 'suspect')
  t.is(judged(seen(views, 'ssh', 'silent', 14_000), 14_000), 'dead')
})

test('power that was read as off before the latest sign of life is read again first', (t) => {
  const stuck = seen(seen({}, 'power', 'off', 0), 'power', 'off', 20_000)
  const alive = seen(stuck, 'ssh', 'alive', 21_000)
  const silent = seen(alive, 'ssh', 'silent', 26_000)
  t.is(judged(silent, 29_000), 'suspect')
  t.is(judged(seen(silent, 'power', 'off', 29_100), 29_100), 'dead')
})

test('what Nova heard after the silence began keeps it from being death, for as long as that is recent', (t) => {
  const silence = [0, 1000, 2000].reduce(
    (views, at) => seen(views, 'ssh', 'silent', at),
    {} as ChannelViews,
  )
  const before = seen(silence, 'compute', 'writing', 4000)
  t.is(judged(before, 6000), 'dead', 'the clocks may be so far apart')
  const after = seen(silence, 'compute', 'writing', 6000)
  t.is(judged(after, 7000), 'suspect')
  const still = seen(after, 'ssh', 'silent', 15_000)
  t.is(judged(still, 6000 + TRACE_MS), 'suspect')
  t.is(judged(still, 6000 + TRACE_MS + 1), 'dead')
  for (const sign of ['silent', 'withheld'] as const) {
    t.is(judged(seen(silence, 'compute', sign, 6000), 7000), 'dead')
  }
})

test('nova-compute proves that what refuses a connection is the host', (t) => {
  const refused = seen({}, 'ssh', 'refused', 0)
  t.is(judged(refused, 0), 'suspect')
  t.is(judged(seen(refused, 'compute', 'writing', 0), 0), 'alive')
})

test('a sign that is too old says nothing', (t) => {
  const answered = seen({}, 'ssh', 'alive', 0)
  t.is(judged(answered, RULES.freshMs.ssh), 'alive')
  t.is(judged(answered, RULES.freshMs.ssh + 1), 'blind')
})

test('a silence over SSH that is too old is no life, although the power is on', (t) => {
  const late = RULES.freshMs.ssh + 1
  const hung = seen(seen({}, 'ssh', 'silent', 0), 'power', 'on', late)
  t.is(judged(hung, late), 'suspect')
  const before = seen(seen({}, 'ssh', 'alive', 0), 'ssh', 'silent', 1)
  t.is(judged(seen(before, 'power', 'on', late + 1), late + 1), 'suspect')
  t.is(judged(seen({}, 'power', 'on', 0), 0), 'alive')
  t.is(judged(seen(hung, 'ssh', 'alive', late), late), 'alive')
})

test('equal signs in a row are counted, and another sign starts anew', (t) => {
  const twice = seen(seen({}, 'ssh', 'silent', 5), 'ssh', 'silent', 7)
  t.like(twice.ssh, { sign: 'silent', times: 2, timesSince: 2, sinceMs: 5, atMs: 7 })
  t.is(seen(twice, 'ssh', 'alive', 8).ssh?.times, 1)
  t.is(seen(seen(twice, 'ssh', 'alive', 8), 'ssh', 'silent', 9).ssh?.sinceMs, 9)
})

test('the evidence is one sentence a channel, with its age, and one about what they say together', (t) => {
  t.deepEqual(evidenceOf(viewsOf({ ssh: 'silent', power: 'off' }, 2), NOW + 2100), [
    'ssh silent 2 times in a row, 2 s ago: detail',
    'power off 2 times in a row, 2 s ago: detail',
  ])
  const disagree = (shown: Shown): string | undefined => evidenceOf(viewsOf(shown), NOW)[2]
  t.is(
    disagree({ ssh: 'silent', heartbeat: 'beating' }),
    'its heartbeat shows that it lives: SSH is silent because of sshd, our key, or the way there',
  )
  t.is(
    disagree({ ssh: 'alive', heartbeat: 'silent' }),
    'SSH shows that it lives: its instance monitor has stopped, or does not reach the bus',
  )
  t.is(
    disagree({ ssh: 'alive', power: 'off' }),
    'it lives: its BMC is wrong, or belongs to another machine',
  )
  t.deepEqual(evidenceOf({}, NOW), [])
})

const CHANNEL_SIGNS = Object.entries(MEANINGS).flatMap(([channel, signs]) =>
  Object.keys(signs).map((sign) => ({ channel: channel as Channel, sign: sign as Sign })),
)
type Moment = (typeof CHANNEL_SIGNS)[number] & { readonly passMs: number }
const momentsOf = (signs: typeof CHANNEL_SIGNS): fc.Arbitrary<readonly Moment[]> =>
  fc
    .array(
      fc.record({ shown: fc.constantFrom(...signs), passMs: fc.integer({ min: 1, max: 4000 }) }),
      { maxLength: 40, size: 'max' },
    )
    .map((moments) => moments.map(({ shown, passMs }) => ({ ...shown, passMs })))

function verdictAfter(history: readonly Moment[], samples: number) {
  let views: ChannelViews = {}
  let nowMs = 0
  for (const { channel, sign, passMs } of history) {
    nowMs += passMs
    views = seen(views, channel, sign, nowMs)
  }
  return { views, nowMs, state: judge(views, { ...RULES, samples }, nowMs) }
}
const samples = fc.integer({ min: 1, max: 5 })

test('a host that shows life now is alive, whatever else was ever shown', (t) => {
  const life = [
    { channel: 'ssh', sign: 'alive', passMs: 1 },
    { channel: 'heartbeat', sign: 'beating', passMs: 1 },
  ] as const
  holds(
    t,
    fc.property(
      momentsOf(CHANNEL_SIGNS),
      samples,
      fc.constantFrom(...life),
      (before, most, now) => {
        return verdictAfter([...before, now], most).state === 'alive'
      },
    ),
  )
})

test('nobody is called dead by wrong credentials, a silent BMC, a missing heartbeat, or Nova', (t) => {
  const harmless = CHANNEL_SIGNS.filter(
    ({ channel, sign }) =>
      sign === 'misconfigured' ||
      channel === 'heartbeat' ||
      channel === 'compute' ||
      (channel === 'power' && sign !== 'off'),
  )
  holds(
    t,
    fc.property(momentsOf(harmless), samples, (history, most) => {
      return verdictAfter(history, most).state !== 'dead'
    }),
  )
})

test('death needs a sign that was seen since the latest sign of life', (t) => {
  holds(
    t,
    fc.property(momentsOf(CHANNEL_SIGNS), fc.integer({ min: 2, max: 5 }), (history, most) => {
      const { views, state } = verdictAfter(history, most)
      if (state !== 'dead') return true
      const lastLife = history.findLastIndex(({ sign }) => sign === 'alive' || sign === 'beating')
      const since = history.slice(lastLife + 1)
      const count = (channel: Channel, sign: Sign): number =>
        since.filter((moment) => moment.channel === channel && moment.sign === sign).length
      const silent = views.ssh?.sign === 'silent' && count('ssh', 'silent') >= most
      const off = views.power?.sign === 'off' && count('power', 'off') >= 1
      return silent || off
    }),
  )
})
