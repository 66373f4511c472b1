/** What missed heartbeats mean, and who listens to which guest. */
import test from 'ava'
import * as fc from 'fast-check'
import {
  UNKNOWN_GUEST,
  afterSign,
  failsNow,
  type GuestHealth,
} from '../../../actors/instance-watcher/guest-health.ts'
import {
  NO_GUESTS,
  instanceWatcher,
  type InstanceWatcherEffect,
  type InstanceWatcherMessage,
  type InstanceWatcherState,
} from '../../../actors/instance-watcher/instance-watcher.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { GuestSign } from '../../../actors/ports/guest.ts'
import type { InstanceId } from '../../../schema/ids.ts'
import { holds } from '../../support/holds.ts'
import { I1, I2 } from '../records.ts'
import { testSteps, timer } from '../step-table.ts'

const healthAfter = (...signs: readonly GuestSign[]): GuestHealth =>
  signs.reduce(afterSign, UNKNOWN_GUEST)

test('missed heartbeats are counted, and an answer starts anew', (t) => {
  t.deepEqual(healthAfter('alive', 'silent', 'silent'), { answered: true, missed: 2 })
  t.deepEqual(healthAfter('alive', 'silent', 'alive'), { answered: true, missed: 0 })
})

test('a guest fails at the sample that the rules name, and again as many later', (t) => {
  const failsAt = [1, 2, 3, 4, 5, 6].filter((missed) => failsNow({ answered: true, missed }, 3))
  t.deepEqual(failsAt, [3, 6])
  t.false(failsNow({ answered: true, missed: 0 }, 3))
})

test('a guest that never answered here never fails', (t) => {
  const quiet = fc.array(fc.constant<GuestSign>('silent'))
  holds(
    t,
    fc.property(quiet, fc.integer({ min: 1, max: 5 }), (walk, samples) => {
      return walk.every((_, n) => !failsNow(healthAfter(...walk.slice(0, n + 1)), samples))
    }),
  )
})

const rules = { intervalMs: 5000, timeoutMs: 1000, samples: 2 }
const watch = instanceWatcher(rules)
const again = timer<InstanceWatcherMessage>('heartbeats', 5000, { type: 'guests.begin' })
const listening = (
  ...guests: readonly (readonly [InstanceId, GuestHealth])[]
): InstanceWatcherState => ({ kind: 'listening', guests: new Map(guests) })
const missed = (times: number): GuestHealth => ({ answered: true, missed: times })
const heard = (
  ...signs: readonly (readonly [InstanceId, GuestSign])[]
): InstanceWatcherMessage => ({ type: 'guests.heard', signs: new Map(signs) })

testSteps<
  InstanceWatcherState,
  InstanceWatcherMessage,
  InstanceWatcherEffect | KernelEffect<InstanceWatcherMessage>
>(watch, [
  {
    title: 'a watcher begins by asking every guest',
    state: NO_GUESTS,
    message: { type: 'guests.begin' },
    effects: [{ type: 'guests.ask' }],
  },
  {
    title: 'answers lead to the next question',
    state: NO_GUESTS,
    message: heard([I1, 'alive'], [I2, 'silent']),
    next: listening([I1, missed(0)], [I2, { answered: false, missed: 1 }]),
    effects: [again],
  },
  {
    title: 'a first missed heartbeat is not reported',
    state: listening([I1, missed(0)]),
    message: heard([I1, 'silent']),
    next: listening([I1, missed(1)]),
    effects: [again],
  },
  {
    title: 'a guest that fell silent is reported, its neighbour is not',
    state: listening([I1, missed(1)], [I2, missed(0)]),
    message: heard([I1, 'silent'], [I2, 'silent']),
    next: listening([I1, missed(2)], [I2, missed(1)]),
    effects: [again, { type: 'guest.report', instance: I1, missed: 2 }],
  },
  {
    title: 'a guest that left its host is forgotten, not reported',
    state: listening([I1, missed(1)]),
    message: heard(),
    next: NO_GUESTS,
    effects: [again],
  },
])

const looks = fc.array(fc.constantFrom<GuestSign | 'gone'>('alive', 'silent', 'gone'))

test('a guest is reported only by a heartbeat that was missed, and only if it answered since it came', (t) => {
  holds(
    t,
    fc.property(looks, (walk) => {
      let state = NO_GUESTS
      let hasAnswered = false
      for (const sign of walk) {
        const [after, effects] = watch(state, sign === 'gone' ? heard() : heard([I1, sign]))
        hasAnswered = sign === 'alive' || (sign === 'silent' && hasAnswered)
        const isReported = effects.some(({ type }) => type === 'guest.report')
        if (isReported && (sign !== 'silent' || !hasAnswered)) return false
        state = after
      }
      return true
    }),
  )
})
