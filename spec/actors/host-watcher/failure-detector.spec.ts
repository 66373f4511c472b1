/** What one observer concludes about one host, for every combination of what its channels show. */
import test from 'ava'
import * as fc from 'fast-check'
import {
  CHANNELS,
  evidenceOf,
  judge,
  observe,
  type ChannelViews,
  type Sign,
} from '../../../actors/host-watcher/failure-detector.ts'
import type { HostState } from '../../../schema/messages/observation.ts'
import { holds } from '../../support/holds.ts'

const RULES = { samples: 3 }
const SSH_SIGNS = ['alive', 'refused', 'silent', 'misconfigured'] as const satisfies readonly Sign[]
const IPMI_SIGNS = [
  'powered-on',
  'powered-off',
  'silent',
  'misconfigured',
] as const satisfies readonly Sign[]

const viewsOf = (ssh?: Sign, ipmi?: Sign, times = 3): ChannelViews => ({
  ...(ssh === undefined ? {} : { ssh: { sign: ssh, times, detail: 'detail' } }),
  ...(ipmi === undefined ? {} : { ipmi: { sign: ipmi, times, detail: 'detail' } }),
})

type Column = (typeof IPMI_SIGNS)[number] | 'absent'
type Table = Readonly<
  Record<(typeof SSH_SIGNS)[number] | 'absent', Readonly<Record<Column, HostState>>>
>

/** After as many equal signs as count. */
const SETTLED: Table = {
  alive: {
    'powered-on': 'alive',
    'powered-off': 'alive',
    silent: 'alive',
    misconfigured: 'alive',
    absent: 'alive',
  },
  refused: {
    'powered-on': 'alive',
    'powered-off': 'dead',
    silent: 'suspect',
    misconfigured: 'suspect',
    absent: 'suspect',
  },
  silent: {
    'powered-on': 'dead',
    'powered-off': 'dead',
    silent: 'dead',
    misconfigured: 'dead',
    absent: 'dead',
  },
  misconfigured: {
    'powered-on': 'misconfigured',
    'powered-off': 'misconfigured',
    silent: 'misconfigured',
    misconfigured: 'misconfigured',
    absent: 'misconfigured',
  },
  absent: {
    'powered-on': 'alive',
    'powered-off': 'dead',
    silent: 'blind',
    misconfigured: 'misconfigured',
    absent: 'blind',
  },
}

for (const [ssh, row] of Object.entries(SETTLED)) {
  for (const [ipmi, state] of Object.entries(row)) {
    test(`a host is ${state} when SSH is ${ssh} and IPMI is ${ipmi} for long`, (t) => {
      const sshSign = SSH_SIGNS.find((sign) => sign === ssh)
      const ipmiSign = IPMI_SIGNS.find((sign) => sign === ipmi)
      t.is(judge(viewsOf(sshSign, ipmiSign), RULES), state)
      // Seen for the first time, nothing is worse than suspicion.
      const first = judge(viewsOf(sshSign, ipmiSign, 1), RULES)
      t.is(first, state === 'dead' ? 'suspect' : state)
    })
  }
}

test('silence is death only after as many samples as the rules say', (t) => {
  t.is(judge(viewsOf('silent', 'powered-on', 2), RULES), 'suspect')
  t.is(judge(viewsOf('silent', 'powered-on', 3), RULES), 'dead')
})

test('power off is believed at the second read', (t) => {
  t.is(judge(viewsOf('silent', 'powered-off', 1), RULES), 'suspect')
  t.is(judge(viewsOf('silent', 'powered-off', 2), RULES), 'dead')
})

const showing = (views: ChannelViews, sign: Sign): ChannelViews =>
  observe(views, 'ssh', { sign, detail: sign })

test('equal signs in a row are counted, and another sign starts anew', (t) => {
  const twice = showing(showing({}, 'silent'), 'silent')
  t.deepEqual(twice, { ssh: { sign: 'silent', times: 2, detail: 'silent' } })
  t.is(showing(twice, 'alive').ssh?.times, 1)
  t.is(showing(showing(twice, 'alive'), 'silent').ssh?.times, 1)
})

test('one channel’s signs leave the other’s as they are', (t) => {
  const views = observe(viewsOf('silent'), 'ipmi', { sign: 'powered-on', detail: '' })
  t.is(views.ssh?.times, 3)
})

test('the evidence is one sentence a channel', (t) => {
  t.deepEqual(evidenceOf(viewsOf('silent', 'powered-off', 2)), [
    'ssh silent 2 times in a row: detail',
    'ipmi powered-off 2 times in a row: detail',
  ])
  t.deepEqual(evidenceOf({}), [])
})

const shown = fc.oneof(
  fc.record({ channel: fc.constant(CHANNELS[0]), sign: fc.constantFrom<Sign>(...SSH_SIGNS) }),
  fc.record({ channel: fc.constant(CHANNELS[1]), sign: fc.constantFrom<Sign>(...IPMI_SIGNS) }),
)
const histories = fc.array(shown, { maxLength: 40, size: 'max' })
const samples = fc.integer({ min: 1, max: 5 })

const viewsAfter = (history: readonly { channel: 'ssh' | 'ipmi'; sign: Sign }[]): ChannelViews =>
  history.reduce<ChannelViews>(
    (views, { channel, sign }) => observe(views, channel, { sign, detail: '' }),
    {},
  )

test('a host that answers over SSH is alive, whatever else was ever shown', (t) => {
  holds(
    t,
    fc.property(
      histories,
      samples,
      fc.array(fc.constantFrom<Sign>(...IPMI_SIGNS)),
      (before, most, power) => {
        const after = power.map((sign) => ({ channel: 'ipmi' as const, sign }))
        const views = viewsAfter([...before, { channel: 'ssh', sign: 'alive' }, ...after])
        return judge(views, { samples: most }) === 'alive'
      },
    ),
  )
})

test('nobody is called dead by wrong credentials, nor by a silent BMC alone', (t) => {
  const unseeing = fc.oneof(
    fc.record({
      channel: fc.constant(CHANNELS[0]),
      sign: fc.constant<Sign>('misconfigured'),
    }),
    fc.record({
      channel: fc.constant(CHANNELS[1]),
      sign: fc.constantFrom<Sign>('silent', 'misconfigured'),
    }),
  )
  holds(
    t,
    fc.property(fc.array(unseeing), samples, (history, most) => {
      return judge(viewsAfter(history), { samples: most }) !== 'dead'
    }),
  )
})

test('death needs a sign that is there now and was there before', (t) => {
  holds(
    t,
    fc.property(histories, fc.integer({ min: 2, max: 5 }), (history, most) => {
      const views = viewsAfter(history)
      if (judge(views, { samples: most }) !== 'dead') return true
      const silent = views.ssh?.sign === 'silent' && views.ssh.times >= most
      const off = views.ipmi?.sign === 'powered-off' && views.ipmi.times >= 2
      return silent || off
    }),
  )
})
