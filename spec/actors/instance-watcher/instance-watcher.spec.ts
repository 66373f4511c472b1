/** Who is asked for heartbeats and when silence counts; what a gap hides; and that no report is lost. */
import test from 'ava'
import * as fc from 'fast-check'
import { instanceId, type InstanceId } from '../../../schema/ids.ts'
import type { SpooledFault } from '../../../actors/ports/fault-spool.ts'
import { GUEST_EVENTS, type GuestEvent, type GuestSign } from '../../../actors/ports/guest.ts'
import { holds } from '../../support/holds.ts'
import { I1, I2 } from '../records.ts'
import { running, RULES, WatcherWalk } from './watcher-walk.ts'

const HUNG = 'QEMU_GUEST_AGENT_ERROR STOPPED_FAILED'
const ROUND = RULES.intervalMs

function silent(walk: WatcherWalk, rounds: number): void {
  walk.answers.set(I1, 'silent')
  walk.pass(rounds * ROUND)
}

function answered(...guests: readonly ReturnType<typeof running>[]): WatcherWalk {
  const walk = new WatcherWalk(...(guests.length === 0 ? [running()] : guests))
  walk.answers.set(I1, 'alive')
  walk.answers.set(I2, 'alive')
  walk.pass(ROUND)
  return walk
}

test('a guest that answered and falls silent is reported at the third missed heartbeat', (t) => {
  const walk = answered()
  silent(walk, 2)
  t.deepEqual(walk.reports, [])
  silent(walk, 1)
  t.deepEqual(walk.reports, [HUNG])
})

test('a guest that never answered is never reported', (t) => {
  const walk = new WatcherWalk(running())
  silent(walk, 50)
  t.deepEqual(walk.reports, [])
})

test('only guests that run and whose agent listens are asked', (t) => {
  const walk = answered(
    running(I1),
    running(I2, { agent: 'none' }),
    running(instanceId('00000000-0000-4000-8000-000000000003'), { power: 'paused' }),
    running(instanceId('00000000-0000-4000-8000-000000000004'), { agent: 'disconnected' }),
  )
  t.deepEqual(walk.asked.at(-1), [I1])
})

test('healthy guests are asked first', (t) => {
  const walk = answered(running(I1), running(I2))
  silent(walk, 2)
  t.deepEqual(walk.asked.at(-1), [I2, I1])
})

test('a guest whose agent ends is not asked, and not silent', (t) => {
  const walk = answered()
  walk.events('agent-disconnected')
  silent(walk, 10)
  t.deepEqual(walk.reports, [])
  walk.events('agent-connected')
  silent(walk, 10)
  t.deepEqual(walk.reports, [], 'the new agent has never answered')
})

test('silence from before a reboot does not count after it', (t) => {
  const walk = answered()
  silent(walk, 2)
  walk.events('reboot')
  silent(walk, 10)
  t.deepEqual(walk.reports, [])
})

test('silence of a guest that was paused while it was asked does not count', (t) => {
  const walk = answered()
  silent(walk, 2)
  const askedAtMs = walk.atMs
  walk.pass(1000)
  walk.events('suspended', 'resumed')
  const moment = { atMs: walk.atMs, wallMs: walk.atMs, id: 'late' }
  walk.tell({ type: 'guests.heard', signs: new Map([[I1, 'silent']]), askedAtMs, moment })
  t.deepEqual(walk.reports, [])
})

test('a guest that hangs through a gap is reported after it', (t) => {
  const walk = answered()
  silent(walk, 1)
  walk.news({ type: 'lost', reason: 'it was killed' })
  walk.answers.set(I1, 'unknown')
  walk.pass(2 * ROUND)
  walk.news({ type: 'snapshot', guests: [running(I1, { agent: 'disconnected' })] })
  walk.events('agent-connected')
  silent(walk, 4)
  t.deepEqual(walk.reports, [HUNG])
})

const GAPS = [
  ['failed', ['LIFECYCLE STOPPED_FAILED']],
  ['panicked', ['LIFECYCLE CRASHED_PANICKED']],
  ['paused-watchdog', ['LIFECYCLE SUSPENDED_WATCHDOG']],
  ['paused-io-error', []],
  ['paused', []],
  ['off', []],
  ['running', []],
] as const

for (const [power, reports] of GAPS) {
  test(`a guest that ran before a gap and is ${power} after it: ${reports.join() || 'nothing'}`, (t) => {
    const walk = answered()
    walk.news({ type: 'lost', reason: 'it was killed' })
    walk.news({ type: 'snapshot', guests: [running(I1, { power, agent: 'disconnected' })] })
    walk.pass(ROUND)
    t.deepEqual(walk.reports, reports)
  })

  test(`a guest that is ${power} when it is first seen is not reported`, (t) => {
    const walk = new WatcherWalk(running(I1, { power }))
    walk.pass(ROUND)
    t.deepEqual(walk.reports, [])
  })
}

test('a guest that was started anew in a gap owes nothing', (t) => {
  const walk = answered()
  silent(walk, 2)
  walk.news({ type: 'snapshot', guests: [running(I1, { run: 7 })] })
  silent(walk, 10)
  t.deepEqual(walk.reports, [])
})

test('a guest that was reported before a gap is not reported again after it', (t) => {
  const walk = answered()
  walk.events('stopped-failed')
  const found = running(I1, { power: 'failed', agent: 'disconnected', run: -1 })
  walk.news({ type: 'lost', reason: 'it was killed' }, { type: 'snapshot', guests: [found] })
  t.deepEqual(walk.reports, ['LIFECYCLE STOPPED_FAILED'])
})

test('a report that the bus does not take is made again until it does', (t) => {
  const walk = answered()
  walk.bus = 'refuses'
  walk.events('stopped-failed')
  walk.pass(60_000)
  t.deepEqual(walk.reports, [])
  t.is(walk.state.outbox.size, 1)
  walk.bus = 'takes'
  walk.pass(10_000)
  t.deepEqual(walk.reports, ['LIFECYCLE STOPPED_FAILED'])
  t.is(walk.state.outbox.size, 0)
  t.is(walk.remarks.length, 1, 'that the bus takes nothing is told once')
})

test('a report that waits is not made any more when the guest runs again', (t) => {
  const walk = answered()
  walk.bus = 'refuses'
  walk.events('stopped-failed', 'started')
  walk.bus = 'takes'
  walk.pass(60_000)
  t.deepEqual(walk.reports, [])
})

test('a report of a guest that hangs is not made any more when the guest answers', (t) => {
  const walk = answered()
  walk.bus = 'refuses'
  silent(walk, 3)
  walk.answers.set(I1, 'alive')
  walk.pass(ROUND)
  walk.bus = 'takes'
  walk.pass(60_000)
  t.deepEqual(walk.reports, [])
})

test('a report that is an hour old is given up, and the log says so', (t) => {
  const walk = answered()
  walk.bus = 'refuses'
  walk.events('stopped-failed')
  walk.pass(3_700_000)
  t.is(walk.state.outbox.size, 0)
  t.true(walk.remarks.some((text) => text.includes('too old')))
})

const spooled = (instance: InstanceId, gravity: SpooledFault['gravity']): SpooledFault => ({
  id: `id-of-${instance}`,
  instance,
  gravity,
  event: 'LIFECYCLE',
  domainEvent: 'STOPPED_FAILED',
  evidence: [],
  foundAt: 0,
})

test('what an earlier process kept is reported, unless the guest runs', (t) => {
  const walk = new WatcherWalk(running(I1))
  const faults = [spooled(I1, 'stopped'), spooled(I2, 'stopped')]
  walk.tell({ type: 'reports.found', faults, wallMs: 1000 })
  walk.pass(10_000)
  t.deepEqual(walk.reports, ['LIFECYCLE STOPPED_FAILED'])
})

test('the outbox never grows beyond its bound, and drops the oldest', (t) => {
  const ids = Array.from({ length: 700 }, (_, n) =>
    instanceId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`),
  )
  const walk = new WatcherWalk(...ids.map((id) => running(id)))
  walk.bus = 'refuses'
  walk.news(
    ...ids.map((instance) => ({ type: 'happened', instance, event: 'stopped-failed' }) as const),
  )
  t.is(walk.state.outbox.size, 500)
  const last = [...walk.state.outbox.values()].at(-1)
  t.is(last?.fault.instance, ids.at(-1))
})

type Act = GuestEvent | `sign ${GuestSign}` | 'pass' | 'gap'

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    fc.constantFrom<Act>(...GUEST_EVENTS),
    fc.constantFrom<Act>('sign alive', 'sign silent', 'sign unknown'),
    fc.constantFrom<Act>('pass', 'gap'),
  ),
  { maxLength: 60 },
)

function perform(walk: WatcherWalk, act: Act): void {
  if (act === 'pass') walk.pass(ROUND)
  else if (act === 'gap') walk.news({ type: 'lost', reason: 'gap' })
  else if (act === 'sign alive') walk.answers.set(I1, 'alive')
  else if (act === 'sign silent') walk.answers.set(I1, 'silent')
  else if (act === 'sign unknown') walk.answers.set(I1, 'unknown')
  else walk.events(act)
}

const BEGINS_ANEW: readonly Act[] = ['agent-disconnected', 'reboot', 'started']
const hangs = (walk: WatcherWalk): number => walk.reports.filter((each) => each === HUNG).length

test('a guest is reported as hung only while it runs with an agent that has answered since it came', (t) => {
  holds(
    t,
    fc.property(acts, (walked) => {
      const walk = new WatcherWalk(running())
      let hasAnswered = false
      return walked.every((act) => {
        const before = { guest: walk.state.guests.get(I1), hangs: hangs(walk) }
        perform(walk, act)
        const isAlive = walk.state.guests.get(I1)?.health.answered === true
        hasAnswered = (hasAnswered || isAlive) && !BEGINS_ANEW.includes(act)
        const isReported = hangs(walk) > before.hangs
        return !isReported || (before.guest?.agent === 'connected' && hasAnswered)
      })
    }),
  )
})
