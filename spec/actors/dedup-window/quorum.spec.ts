/** What several observers together say about one host. */
import test from 'ava'
import * as fc from 'fast-check'
import { judgeHost, type HostVerdict, type View } from '../../../actors/dedup-window/quorum.ts'
import type { HostState } from '../../../schema/messages/observation.ts'
import { holds } from '../../support/holds.ts'

const RULES = { observersMin: 2, freshMs: 1000 }
const NOW = 10_000

const view = (state: HostState, heardAtMs = NOW): View => ({ state, evidence: [], heardAtMs })
const viewsOf = (...views: readonly View[]): ReadonlyMap<string, View> =>
  new Map(views.map((each, index) => [`observer-${index}`, each]))

const TABLE: readonly (readonly [title: string, views: readonly View[], verdict: HostVerdict])[] = [
  ['nobody says anything', [], 'unclear'],
  ['the only observer says dead', [view('dead')], 'dead'],
  ['the only observer suspects', [view('suspect')], 'unclear'],
  ['the only observer says alive', [view('alive')], 'alive'],
  ['two observers agree on death', [view('dead'), view('dead')], 'dead'],
  ['one of two still only suspects', [view('dead'), view('suspect')], 'unclear'],
  ['two of three agree on death', [view('dead'), view('dead'), view('suspect')], 'dead'],
  ['one of three says alive', [view('dead'), view('dead'), view('alive')], 'alive'],
  ['the others are blind', [view('dead'), view('blind'), view('blind')], 'dead'],
  ['the others have wrong credentials', [view('dead'), view('misconfigured')], 'dead'],
  ['everybody is blind', [view('blind'), view('blind')], 'unclear'],
  ['everybody has wrong credentials', [view('misconfigured')], 'unclear'],
  ['the word of death is stale', [view('dead', NOW - 1001), view('dead', NOW - 1001)], 'unclear'],
  ['the word of death is just fresh', [view('dead', NOW - 1000), view('dead')], 'dead'],
  ['the word of life is stale', [view('alive', NOW - 1001), view('dead')], 'dead'],
  ['the word of life is just fresh', [view('alive', NOW - 1000), view('dead')], 'alive'],
]

for (const [title, views, verdict] of TABLE) {
  test(`the verdict is ${verdict} when ${title}`, (t) => {
    t.is(judgeHost(viewsOf(...views), RULES, NOW), verdict)
  })
}

const states = fc.constantFrom<HostState>('alive', 'suspect', 'dead', 'blind', 'misconfigured')
const anyView = fc.record({
  state: states,
  evidence: fc.constant<readonly string[]>([]),
  heardAtMs: fc.integer({ min: NOW - 2000, max: NOW }),
})
const anyViews = fc.array(anyView, { maxLength: 6 })
const anyRules = fc.record({
  observersMin: fc.integer({ min: 1, max: 5 }),
  freshMs: fc.integer({ min: 0, max: 2000 }),
})

test('a fresh sign of life is never outvoted', (t) => {
  holds(
    t,
    fc.property(anyViews, anyRules, (views, rules) => {
      const verdict = judgeHost(viewsOf(view('alive'), ...views), rules, NOW)
      return verdict === 'alive'
    }),
  )
})

/** How close to a fence a verdict is. */
const DANGER: Readonly<Record<HostVerdict, number>> = { alive: 0, unclear: 1, dead: 2 }

test('one more word of life never raises the chance of fencing', (t) => {
  holds(
    t,
    fc.property(
      anyViews,
      anyRules,
      fc.integer({ min: NOW - 2000, max: NOW }),
      (views, rules, at) => {
        const before = judgeHost(viewsOf(...views), rules, NOW)
        const after = judgeHost(viewsOf(...views, view('alive', at)), rules, NOW)
        return DANGER[after] <= DANGER[before]
      },
    ),
  )
})

test('an observer that changes its mind to alive never raises the chance of fencing', (t) => {
  holds(
    t,
    fc.property(fc.array(anyView, { minLength: 1, maxLength: 6 }), anyRules, (views, rules) => {
      const [, ...others] = views
      const before = judgeHost(viewsOf(...views), rules, NOW)
      const after = judgeHost(viewsOf(view('alive'), ...others), rules, NOW)
      return DANGER[after] <= DANGER[before]
    }),
  )
})

test('observers that do not see count for nothing', (t) => {
  const unseeing = fc.constantFrom(view('blind'), view('misconfigured'))
  holds(
    t,
    fc.property(anyViews, anyRules, fc.array(unseeing), (views, rules, blind) => {
      const alone = judgeHost(viewsOf(...views), rules, NOW)
      return judgeHost(viewsOf(...views, ...blind), rules, NOW) === alone
    }),
  )
})

test('death needs as many observers as the rules say, whenever there are so many', (t) => {
  holds(
    t,
    fc.property(anyViews, anyRules, (views, rules) => {
      if (judgeHost(viewsOf(...views), rules, NOW) !== 'dead') return true
      const fresh = views.filter(({ heardAtMs }) => NOW - heardAtMs <= rules.freshMs)
      const sighted = fresh.filter(({ state }) => state === 'dead' || state === 'suspect').length
      const dead = fresh.filter(({ state }) => state === 'dead').length
      return dead >= Math.min(rules.observersMin, sighted) && dead > 0
    }),
  )
})
