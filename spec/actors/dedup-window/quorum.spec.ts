/** What several observers together say about one host. */
import test from 'ava'
import * as fc from 'fast-check'
import { judgeHost, type HostVerdict } from '../../../actors/dedup-window/quorum.ts'
import type { HostState } from '../../../schema/messages/observation.ts'
import { holds } from '../../support/holds.ts'

const RULES = { observersMin: 2 }

type Said = readonly { readonly state: HostState }[]

const said = (...states: readonly HostState[]): Said => states.map((state) => ({ state }))

const TABLE: readonly (readonly [title: string, said: Said, verdict: HostVerdict])[] = [
  ['nobody says anything', said(), 'unclear'],
  ['the only observer says dead', said('dead'), 'dead'],
  ['the only observer suspects', said('suspect'), 'unclear'],
  ['the only observer says alive', said('alive'), 'alive'],
  ['two observers agree on death', said('dead', 'dead'), 'dead'],
  ['one of two still only suspects', said('dead', 'suspect'), 'unclear'],
  ['two of three agree on death', said('dead', 'dead', 'suspect'), 'dead'],
  ['one of three says alive', said('dead', 'dead', 'alive'), 'alive'],
  ['the others are blind', said('dead', 'blind', 'blind'), 'dead'],
  ['the others have wrong credentials', said('dead', 'misconfigured'), 'dead'],
  ['everybody is blind', said('blind', 'blind'), 'unclear'],
  ['everybody has wrong credentials', said('misconfigured'), 'unclear'],
]

for (const [title, observations, verdict] of TABLE) {
  test(`the verdict is ${verdict} when ${title}`, (t) => {
    t.is(judgeHost(observations, RULES), verdict)
  })
}

const states = fc.constantFrom<HostState>('alive', 'suspect', 'dead', 'blind', 'misconfigured')
const anySaid = fc.array(fc.record({ state: states }), { maxLength: 6 })
const anyRules = fc.record({ observersMin: fc.integer({ min: 1, max: 5 }) })

test('a sign of life is never outvoted', (t) => {
  holds(
    t,
    fc.property(anySaid, anyRules, (others, rules) => {
      return judgeHost([...said('alive'), ...others], rules) === 'alive'
    }),
  )
})

/** How close to a fence a verdict is. */
const DANGER: Readonly<Record<HostVerdict, number>> = { alive: 0, unclear: 1, dead: 2 }

test('one more sign of life never raises the chance of fencing', (t) => {
  holds(
    t,
    fc.property(anySaid, anyRules, (before, rules) => {
      const after = [...before, ...said('alive')]
      return DANGER[judgeHost(after, rules)] <= DANGER[judgeHost(before, rules)]
    }),
  )
})

test('an observer that changes its mind to alive never raises the chance of fencing', (t) => {
  holds(
    t,
    fc.property(anySaid, states, anyRules, (others, first, rules) => {
      const before = judgeHost([...said(first), ...others], rules)
      const after = judgeHost([...said('alive'), ...others], rules)
      return DANGER[after] <= DANGER[before]
    }),
  )
})

test('observers that do not see count for nothing', (t) => {
  const unseeing = fc.constantFrom(...said('blind', 'misconfigured'))
  holds(
    t,
    fc.property(anySaid, anyRules, fc.array(unseeing), (others, rules, blind) => {
      return judgeHost([...others, ...blind], rules) === judgeHost(others, rules)
    }),
  )
})

test('death needs as many observers as the rules say, whenever there are so many', (t) => {
  holds(
    t,
    fc.property(anySaid, anyRules, (observations, rules) => {
      if (judgeHost(observations, rules) !== 'dead') return true
      const sighted = observations.filter(({ state }) => state === 'dead' || state === 'suspect')
      const dead = sighted.filter(({ state }) => state === 'dead').length
      return dead >= Math.min(rules.observersMin, sighted.length) && dead > 0
    }),
  )
})
