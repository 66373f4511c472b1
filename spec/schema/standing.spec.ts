/** What operators' words amount to, and which of them fit which state. */
import test from 'ava'
import {
  askedForAt,
  objectionToSiteWord,
  objectionToWord,
  sinceRetry,
  standingOf,
} from '../../schema/standing.ts'
import {
  OPERATOR_WORDS,
  type NotificationStatus,
  type OperatorWordKind,
  type SiteWord,
} from '../../schema/records.ts'
import { wordRow } from '../actors/records.ts'

const words = (...said: readonly OperatorWordKind[]) =>
  said.map((word, saidAt) => wordRow({ word, saidAt, reason: 'so' }))
const STOP: SiteWord = { word: 'stop', operator: 'bob', reason: 'fire drill', saidAt: 0 }
const RELEASE: SiteWord = { ...STOP, word: 'release' }

for (const [said, siteWord, kind] of [
  [[], undefined, 'free'],
  [['approve', 'confirm-dead'], RELEASE, 'free'],
  [['pause'], undefined, 'paused'],
  [['pause', 'approve'], undefined, 'paused'],
  [['pause', 'resume'], undefined, 'free'],
  [['pause', 'resume'], STOP, 'stopped'],
  [['pause'], STOP, 'stopped'],
  [['pause', 'cancel'], undefined, 'cancelled'],
  [['cancel'], STOP, 'cancelled'],
  [['cancel', 'retry'], undefined, 'free'],
  [['cancel', 'retry', 'pause'], undefined, 'paused'],
] as const) {
  test(`a recovery is ${kind} after ${said.join(', ')} and ${siteWord?.word ?? 'nothing'}`, (t) => {
    t.is(standingOf(words(...said), siteWord).kind, kind)
  })
}

test('a standing names who said it, and why', (t) => {
  t.like(standingOf(words('pause'), undefined), { reason: 'paused by alice: so' })
  t.like(standingOf([], STOP), { reason: 'all recoveries are stopped by bob: fire drill' })
})

test('a retry makes earlier words history, and is what expiry counts from', (t) => {
  const said = words('confirm-dead', 'cancel', 'retry', 'approve')
  t.deepEqual(sinceRetry(said), said.slice(3))
  t.deepEqual(sinceRetry(said.slice(0, 2)), said.slice(0, 2))
  t.is(askedForAt({ createdAt: 7 }, said), 2)
  t.is(askedForAt({ createdAt: 7 }, words('pause')), 7)
})

/** Which words fit a recovery of a host, by its status and what was said before. */
const FITTING: readonly (readonly [
  NotificationStatus,
  readonly OperatorWordKind[],
  readonly OperatorWordKind[],
])[] = [
  ['new', [], ['confirm-dead', 'approve', 'let-back', 'pause', 'cancel']],
  ['running', [], ['confirm-dead', 'approve', 'let-back', 'pause', 'cancel']],
  ['running', ['pause'], ['confirm-dead', 'approve', 'let-back', 'resume', 'cancel']],
  ['error', ['cancel'], ['let-back']],
  ['failed', [], ['let-back', 'retry']],
  ['ignored', ['cancel'], ['let-back', 'retry']],
  ['finished', [], ['let-back']],
  ['new', ['cancel', 'retry'], ['confirm-dead', 'approve', 'let-back', 'pause', 'cancel']],
]

for (const [status, before, fitting] of FITTING) {
  test(`a recovery that is ${status} after [${before.join()}] takes ${fitting.join()}`, (t) => {
    const recovery = { status, type: 'COMPUTE_HOST', words: words(...before) } as const
    const taken = OPERATOR_WORDS.filter((word) => objectionToWord(word, recovery) === undefined)
    t.deepEqual(taken, fitting)
  })
}

test('a guest needs no word about its host', (t) => {
  const recovery = { status: 'running', type: 'VM', words: [] } as const
  const taken = OPERATOR_WORDS.filter((word) => objectionToWord(word, recovery) === undefined)
  t.deepEqual(taken, ['pause', 'cancel'])
})

test('everything is stopped once, and released once', (t) => {
  t.is(objectionToSiteWord('stop', undefined), undefined)
  t.is(objectionToSiteWord('stop', RELEASE), undefined)
  t.is(objectionToSiteWord('release', STOP), undefined)
  t.is(objectionToSiteWord('stop', STOP), 'all recoveries are stopped by bob: fire drill')
  t.is(objectionToSiteWord('release', undefined), 'nothing is stopped')
})
