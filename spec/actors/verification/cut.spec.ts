/** Hosts that fail together: their domain is dead, the link to it is cut, we are blind, or each died by itself. */
import test from 'ava'
import * as fc from 'fast-check'
import {
  judgeCut,
  type Cut,
  type CutFinding,
  type HostSight,
} from '../../../actors/verification/cut.ts'
import { holds } from '../../support/holds.ts'
import { lost, sight, word } from './sights.ts'

const RULES = { gatheringMs: 60_000, atOnceMs: 15_000, companionsMs: 5000, askedAgainMs: 9000 }
const OUTSIDE = [sight('x1', ['rack:2']), sight('x2', ['rack:2'])]
const off = lost('power off')
const on = lost('power power')
const silent = lost('power nothing')
const rack = (...said: readonly ReturnType<typeof lost>[]): readonly HostSight[] =>
  said.map((words, index) => sight(`a${index + 1}`, ['rack:1'], words))
const judge = (members: readonly HostSight[], others: readonly HostSight[] = OUTSIDE) => {
  const [first] = members
  if (first === undefined) throw new Error('a case has a host')
  return judgeCut(first, [...members, ...others], RULES)
}

const heard = [
  word('one', 'alive', 'ssh life', 'power power'),
  word('two', 'alive', 'ssh life', 'power power'),
]

interface Case {
  readonly members: readonly HostSight[]
  readonly others?: readonly HostSight[]
  readonly kind: Cut['kind']
  readonly rule?: CutFinding['rule']
  readonly reason?: RegExp
}

const CASES: Readonly<Record<string, Case>> = {
  'all hosts of a rack are read as off': {
    members: rack(off, off, off),
    kind: 'domain-dead',
    rule: 'off',
    reason:
      /^rack:1 is dead: the power of all its 3 hosts is off \(a1, a2, a3\), and one, two can reach hosts outside it$/,
  },
  'its observers are blind': {
    members: [
      sight(
        'a1',
        ['rack:1'],
        [
          { ...word('one', 'blind'), channels: undefined },
          { ...word('two', 'blind'), channels: undefined },
        ],
      ),
    ],
    kind: 'blind',
    rule: 'observers',
    reason: /^we are blind: all observers of a1 \(one, two\) see nothing at present$/,
  },
  'one observer is blind, and the other one has lost it': {
    members: [
      sight(
        'a1',
        ['rack:1'],
        [{ ...word('one', 'blind'), channels: undefined }, ...lost().slice(1)],
      ),
    ],
    kind: 'separate',
  },
  'all hosts of a rack are silent on every channel': {
    members: rack(silent, silent),
    kind: 'domain-dead',
    rule: 'silence',
    reason: /^rack:1 is dead, or nothing reaches it: its 2 hosts are silent on every channel/,
  },
  'one that is off and one that is silent are silent together': {
    members: rack(off, silent),
    kind: 'domain-dead',
    rule: 'silence',
  },
  'nobody outside the rack is reached: that the rack is dead is not known': {
    members: rack(off, off),
    others: [sight('x1', ['rack:2'], []), sight('x2', ['rack:2'], [])],
    kind: 'separate',
  },
  'a member that nobody speaks of may live': {
    members: [...rack(off, off), sight('a3', ['rack:1'], [])],
    kind: 'separate',
  },
  'a member that died long before does not die with the others': {
    members: [...rack(off), sight('a2', ['rack:1'], off, { doubtedSinceMs: -600_000 })],
    kind: 'separate',
  },
  'a host that a recovery has taken out of service counts with the others': {
    members: [...rack(off, off), sight('a3', ['rack:1'], off, { service: 'recovering' })],
    kind: 'domain-dead',
    reason: /all its 3 hosts/,
  },
  'a host that died long before has its own place, though its observers were blind meanwhile': {
    members: [
      ...rack(off, off),
      sight('a3', ['rack:1'], off, { service: 'recovering', lostSinceMs: -600_000 }),
    ],
    kind: 'domain-dead',
    reason: /all its 2 hosts/,
  },
  'a host that an operator keeps out of service counts for nothing': {
    members: [...rack(on), sight('a2', ['rack:1'], on, { service: 'out' })],
    kind: 'separate',
  },
  'a host whose recovery has begun is judged with its neighbour, and the neighbour with it': {
    members: [
      sight('a1', ['rack:1'], on, { service: 'recovering' }),
      sight('a2', ['rack:1'], on, { service: 'recovering' }),
    ],
    kind: 'link-cut',
  },
  'a neighbour that fell silent with the host and was powered off since still says that the link is cut':
    {
      members: [...rack(on), sight('a2', ['rack:1'], off, { service: 'recovering' })],
      kind: 'link-cut',
    },
  'the power of a silent rack is on': {
    members: rack(on, silent),
    kind: 'link-cut',
    rule: 'power',
    reason:
      /^the link to rack:1 is cut, and its hosts live: one, two cannot reach a1, a2, but the power of a1 is on$/,
  },
  'a host has written to Nova since its rack fell silent': {
    members: rack(silent, lost('compute trace')),
    kind: 'link-cut',
    rule: 'compute',
    reason: /but nova-compute on a2 has written to Nova since$/,
  },
  'the heartbeat of a host of a silent rack arrives': {
    members: [
      ...rack(silent),
      sight('a2', ['rack:1'], [word('one', 'alive', 'ssh silence', 'heartbeat life')]),
    ],
    kind: 'link-cut',
    rule: 'heartbeat',
    reason: /but the heartbeat of a2 still arrives$/,
  },
  'another observer reaches a host of a silent rack': {
    members: [
      ...rack(silent),
      sight('a2', ['rack:1'], [...lost(), word('three', 'alive', 'ssh life')]),
    ],
    kind: 'link-cut',
    rule: 'observer',
    reason: /but three reaches a2$/,
  },
  'each host of a silent rack is watched by an observer of its own, and its power is on': {
    members: [
      sight('a1', ['rack:1'], [word('one', 'dead', 'ssh silence', 'power power')]),
      sight('a2', ['rack:1'], [word('two', 'suspect', 'ssh silence', 'power power')]),
      sight('a3', ['rack:1'], [word('two', 'suspect', 'ssh silence'), word('three', 'blind')]),
    ],
    kind: 'link-cut',
    rule: 'power',
    reason: /^the link to rack:1 is cut, .*: one, two cannot reach a1, a2, a3, but the power of a1/,
  },
  'each host of a silent rack is watched by an observer of its own, and a heartbeat arrives': {
    members: [
      sight('a1', ['rack:1'], [word('one', 'dead', 'ssh silence')]),
      sight('a2', ['rack:1'], [word('two', 'alive', 'ssh silence', 'heartbeat life')]),
    ],
    kind: 'link-cut',
    rule: 'heartbeat',
  },
  'two hosts hang, watched by an observer of its own each, and a third one is reached': {
    members: [
      sight('a1', ['rack:1'], [word('one', 'dead', 'ssh silence', 'power power')]),
      sight('a2', ['rack:1'], [word('two', 'dead', 'ssh silence', 'power power')]),
      sight('a3', ['rack:1'], [word('three', 'alive', 'ssh life')]),
    ],
    kind: 'separate',
  },
  'a host that another observer lost long before says nothing of the link': {
    members: [
      sight('a1', ['rack:1'], [word('one', 'dead', 'ssh silence', 'power power')]),
      sight('a2', ['rack:1'], [word('two', 'dead', 'ssh silence', 'power power')], {
        doubtedSinceMs: -600_000,
      }),
    ],
    kind: 'separate',
  },
  'a neighbour answers over the same link: one host died': {
    members: rack(on, heard),
    kind: 'separate',
  },
  'a neighbour whose connection is refused is reached all the same': {
    members: rack(
      on,
      lost().map((each) => ({
        ...each,
        channels: [{ channel: 'ssh', meaning: 'kernel', ageMs: 0 }],
      })),
    ),
    kind: 'separate',
  },
  'two hosts hang while a third one answers over the same link': {
    members: rack(on, on, heard),
    kind: 'separate',
  },
  'the only host of a rack dies': { members: rack(on), kind: 'separate' },
  'the silence of a neighbour is an hour old': {
    members: [...rack(on), sight('a2', ['rack:1'], on, { doubtedSinceMs: -3_600_000 })],
    kind: 'separate',
  },
  'a host that is read as off is dead, though the power of its neighbours is on': {
    members: rack(off, on),
    kind: 'separate',
  },
  'a host without domains fails by itself': {
    members: [sight('a1', [], on), sight('a2', [], on), sight('a3', [], on)],
    kind: 'separate',
  },
  'a domain with every host says nothing': {
    members: [sight('a1', ['room:1'], on), sight('a2', ['room:1'], on)],
    others: [],
    kind: 'separate',
  },
  'three hosts of three racks fall silent at once, and other hosts of the racks are reached': {
    members: [
      sight('a1', ['rack:1'], on),
      sight('b1', ['rack:3'], silent),
      sight('c1', ['rack:4'], on),
      sight('a2', ['rack:1'], heard),
      sight('b2', ['rack:3'], heard),
      sight('c2', ['rack:4'], heard),
    ],
    kind: 'blind',
    rule: 'no-common-domain',
    reason:
      /^we are blind: one, two lost 3 hosts at once, in 3 failure domains, none of which contains all of them: a1, b1, c1$/,
  },
  'hosts of all racks fall silent at once': {
    members: [
      sight('a1', ['rack:1'], on),
      sight('a2', ['rack:1'], on),
      sight('x1', ['rack:2'], on),
    ],
    others: [],
    kind: 'blind',
    rule: 'all-domains',
    reason: /some in every failure domain/,
  },
  'two hosts of two racks may fall silent by chance': {
    members: [
      sight('a1', ['rack:1'], on),
      sight('b1', ['rack:3'], on),
      sight('a2', ['rack:1'], heard),
      sight('b2', ['rack:3'], heard),
    ],
    kind: 'separate',
  },
  'three hosts of three racks fall silent within a minute, but not at once': {
    members: [
      sight('a1', ['rack:1'], on),
      sight('b1', ['rack:3'], on, { doubtedSinceMs: 31_000 }),
      sight('c1', ['rack:4'], on, { doubtedSinceMs: 50_000 }),
      sight('a2', ['rack:1'], heard),
      sight('b2', ['rack:3'], heard),
      sight('c2', ['rack:4'], heard),
    ],
    kind: 'separate',
  },
  'an observer of an earlier version does not say what its channels mean': {
    members: rack(
      lost().map(({ channels: _unsaid, ...each }) => each),
      lost().map(({ channels: _unsaid, ...each }) => each),
    ),
    kind: 'domain-dead',
    rule: 'silence',
  },
}

for (const [title, { members, others, kind, rule, reason }] of Object.entries(CASES)) {
  test(title, (t) => {
    const cut = judge(members, others)
    t.is(cut.kind, kind)
    if (cut.kind === 'separate') return
    if (rule !== undefined) t.is(cut.rule, rule)
    if (reason !== undefined) t.regex(cut.reason, reason)
    t.is(cut.evidence.length >= 2, rule !== 'observers')
  })
}

test('the evidence says what each observer sees of each host, by channel', (t) => {
  const cut = judge(rack(on, silent))
  t.deepEqual(cut.kind === 'separate' ? [] : cut.evidence, [
    'a1: one dead, ssh silence, power power; two suspect, ssh silence, power power',
    'a2: one dead, ssh silence, power nothing; two suspect, ssh silence, power nothing',
  ])
})

test('of many hosts some are named and all are counted', (t) => {
  const cut = judge(rack(...Array.from({ length: 30 }, () => off)))
  t.true(cut.kind !== 'separate' && cut.reason.includes('a16 and 22 more'))
  t.true(cut.kind !== 'separate' && cut.evidence.length <= 8)
})

const words = fc.record({
  observer: fc.constantFrom('one', 'two', 'three'),
  state: fc.constantFrom('alive', 'suspect', 'dead', 'blind' as const),
  ssh: fc.constantFrom('life', 'kernel', 'silence', 'fault'),
  power: fc.constantFrom('power', 'off', 'nothing'),
  heartbeat: fc.constantFrom('life', 'doubt'),
  compute: fc.constantFrom('trace', 'nothing'),
})
const sights = fc
  .array(
    fc.record({
      domains: fc.subarray(['rack:1', 'rack:2', 'room:1']),
      said: fc.uniqueArray(words, { selector: ({ observer }) => observer, maxLength: 3 }),
      sinceMs: fc.constantFrom(0, 1000, 20_000, 100_000),
      service: fc.constantFrom('in' as const, 'out' as const, 'recovering' as const),
    }),
    { minLength: 2, maxLength: 8 },
  )
  .map((hosts) =>
    hosts.map(({ domains, said, sinceMs, service }, index) => {
      const observations = said.map(({ observer, state, ...channels }) =>
        word(observer, state, ...Object.entries(channels).map((each) => each.join(' '))),
      )
      const made = sight(`h${index}`, domains, observations, { service })
      return made.doubtedSinceMs === undefined ? made : { ...made, doubtedSinceMs: sinceMs }
    }),
  )
const means = ({ observations }: HostSight, channel: string, meaning: string): boolean =>
  observations.some(({ channels = [] }) =>
    channels.some((each) => each.channel === channel && each.meaning === meaning),
  )

test('no domain is called dead in which anything shows life', (t) => {
  holds(
    t,
    fc.property(sights, (all) =>
      all.every((host) => {
        const cut = judgeCut(host, all, RULES)
        if (cut.kind !== 'domain-dead') return true
        return all
          .filter(({ domains, service }) => service === 'in' && domains.includes(cut.domain))
          .every(
            (each) =>
              !means(each, 'ssh', 'life') &&
              !means(each, 'ssh', 'kernel') &&
              !means(each, 'power', 'power') &&
              !means(each, 'heartbeat', 'life') &&
              !means(each, 'compute', 'trace') &&
              each.observations.every(({ state }) => state !== 'alive'),
          )
      }),
    ),
    { numRuns: 500 },
  )
})

test('a host that is read as off is never held back, and every link that is cut has a witness', (t) => {
  holds(
    t,
    fc.property(sights, (all) =>
      all.every((host) => {
        const cut = judgeCut(host, all, RULES)
        if (cut.kind === 'separate' || cut.kind === 'domain-dead') return true
        if (means(host, 'power', 'off') && !means(host, 'power', 'power')) return false
        return cut.kind === 'blind' || cut.witness.hostName !== ''
      }),
    ),
    { numRuns: 500 },
  )
})
