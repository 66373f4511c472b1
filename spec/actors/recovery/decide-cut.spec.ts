/** What a recovery does about hosts that fail together: failure domains only ever hold it back, unless operators chose otherwise. */
import test from 'ava'
import * as fc from 'fast-check'
import { decide } from '../../../actors/recovery/decide.ts'
import type { Situation } from '../../../actors/recovery/decision.ts'
import type { Cut } from '../../../actors/verification/cut.ts'
import type { PolicyChoices } from '../../../schema/segment-policy.ts'
import type { SegmentSnapshot } from '../../../actors/ports/store.ts'
import { holds } from '../../support/holds.ts'
import {
  certificateRow,
  commandRow,
  H1,
  H2,
  hostRow,
  notificationRow,
  snapshotRow,
  TWO,
} from '../records.ts'
import { lost, sight } from '../verification/sights.ts'
import { RULES as SHIPPED } from './stage.ts'

const RULES = { ...SHIPPED, storm: { hostsMax: 1, shareMax: 1, windowMs: 300_000 } }

const off = lost('power off')
const members = [sight(H1, ['rack:1'], off), sight(H2, ['rack:1'], off)]
const found = { observers: ['one'], hosts: members, reason: 'why', evidence: ['seen'] }
const DEAD: Cut = { ...found, kind: 'domain-dead', domain: 'rack:1', rule: 'off' }
const SILENT: Cut = { ...found, kind: 'domain-dead', domain: 'rack:1', rule: 'silence' }
const BLIND: Cut = { ...found, kind: 'blind', rule: 'all-domains', domains: 2 }
const CUT: Cut = {
  ...found,
  kind: 'link-cut',
  domain: 'rack:1',
  rule: 'power',
  witness: { hostName: TWO, observer: 'one' },
}
const SEPARATE: Cut = { kind: 'separate' }
const report = notificationRow({ payload: { event: 'STOPPED', host_status: 'NORMAL' } })
const hosts = [hostRow(), hostRow({ uuid: H2, name: TWO })]

function decided(cut: Cut, change: Partial<SegmentSnapshot> = {}, more: Partial<Situation> = {}) {
  return decide(RULES, {
    snapshot: snapshotRow({ notification: report, hosts, ...change }),
    inFlight: new Set(),
    recovering: new Map(),
    doubted: new Set(),
    ledForMs: Infinity,
    inContactForMs: Infinity,
    hostSeenWell: false,
    nowWallMs: 0,
    cut,
    awaited: undefined,
    ...more,
  })
}
const together: Partial<Situation> = { doubted: new Set([H2]) }

for (const cut of [CUT, BLIND]) {
  test(`a host is held with the evidence when the verdict is ${cut.kind}`, (t) => {
    t.deepEqual(decided(cut), { kind: 'hold', reason: 'why', evidence: ['seen'] })
    t.is(decided(SEPARATE).kind, 'fence', 'as it would be otherwise')
  })

  test(`with the verdict ${cut.kind}, an operator who approves or confirms the death is obeyed`, (t) => {
    for (const kind of ['approve', 'confirm-dead'] as const) {
      t.is(decided(cut, { commands: [commandRow({ kind })] }).kind, 'fence')
    }
  })

  test(`a host that was powered off, or may have been, goes on with the verdict ${cut.kind}`, (t) => {
    t.is(decided(cut, { certificate: certificateRow() }).kind, 'fence')
    const touched = { hostsActedOn: [H1], hostsActedOnOverall: [H1] }
    t.is(decided(cut, touched).kind, 'fence')
  })
}

test('a host whose neighbours are being asked is decided again soon, unless an operator has approved it', (t) => {
  const awaited = { reason: 'asked first', leftMs: 400 }
  t.deepEqual(decided(SEPARATE, {}, { awaited }), { kind: 'hold-down', ...awaited })
  const commands = [commandRow({ kind: 'approve' })]
  t.is(decided(SEPARATE, { commands }, { awaited }).kind, 'fence')
})

test('the hosts of a dead domain count one by one by default, and the reason says that it is dead', (t) => {
  const held = decided(DEAD, {}, together)
  t.is(held.kind, 'hold')
  t.regex(held.kind === 'hold' ? held.reason : '', /^storm guard: .*; why$/)
})

test('a segment may count a dead domain once, when every host of it is read as off', (t) => {
  const choices: PolicyChoices = { deadDomain: 'one' }
  t.is(decided(DEAD, { choices }, together).kind, 'fence')
  t.is(decided(SILENT, { choices }, together).kind, 'hold')
  t.is(decided(SEPARATE, { choices }, together).kind, 'hold')
  const other = hostRow({ uuid: 'host-3' as typeof H1, name: 'compute-3' as typeof TWO })
  const three = { choices, hosts: [...hosts, other], hostsActedOn: [other.uuid] }
  t.is(decided(DEAD, three, together).kind, 'hold', 'another host has the place')
})

const situations = fc.record({
  cut: fc.constantFrom(DEAD, SILENT, BLIND, CUT),
  doubted: fc.subarray([H1, H2]).map((ids) => new Set(ids)),
  actedOn: fc.subarray([H1, H2]),
  certified: fc.boolean(),
  commands: fc.constantFrom([], [commandRow({ kind: 'approve' })]),
  awaited: fc.constantFrom(undefined, { reason: 'asked', leftMs: 1 }),
  choices: fc.constantFrom<PolicyChoices>({}, { deadDomain: 'hosts' }, { deadDomain: 'one' }),
})

test('failure domains never turn a hold into an act, unless all hosts of a dead one are read as off and the policy says so', (t) => {
  holds(
    t,
    fc.property(situations, ({ cut, doubted, actedOn, certified, awaited, ...more }) => {
      const change = {
        ...more,
        hostsActedOn: actedOn,
        hostsActedOnOverall: actedOn,
        certificate: certified ? certificateRow() : undefined,
      }
      const plain = decided(SEPARATE, change, { doubted })
      const withDomains = decided(cut, change, { doubted, awaited })
      const isAllowed = more.choices.deadDomain === 'one' && cut === DEAD
      return withDomains.kind !== 'fence' || plain.kind === 'fence' || isAllowed
    }),
    { numRuns: 500 },
  )
})
