/** What answers and missed heartbeats of one guest amount to. */
import test from 'ava'
import * as fc from 'fast-check'
import {
  UNKNOWN_GUEST,
  afterSign,
  failsNow,
  type GuestHealth,
} from '../../../actors/instance-watcher/guest-health.ts'
import type { GuestSign } from '../../../actors/ports/guest.ts'
import { holds } from '../../support/holds.ts'

const healthAfter = (...signs: readonly GuestSign[]): GuestHealth =>
  signs.reduce(afterSign, UNKNOWN_GUEST)

test('missed heartbeats are counted, and an answer starts anew', (t) => {
  t.deepEqual(healthAfter('alive', 'silent', 'silent'), { answered: true, missed: 2 })
  t.deepEqual(healthAfter('alive', 'silent', 'alive'), { answered: true, missed: 0 })
})

test('a guest that could not be asked has missed nothing', (t) => {
  t.deepEqual(healthAfter('alive', 'silent', 'unknown'), { answered: true, missed: 0 })
  t.deepEqual(healthAfter('unknown'), UNKNOWN_GUEST)
})

test('a guest fails at the sample that the rules name, and again as many later', (t) => {
  const failsAt = [1, 2, 3, 4, 5, 6].filter((missed) => failsNow({ answered: true, missed }, 3))
  t.deepEqual(failsAt, [3, 6])
  t.false(failsNow({ answered: true, missed: 0 }, 3))
})

test('a guest that never answered here never fails', (t) => {
  const quiet = fc.array(fc.constantFrom<GuestSign>('silent', 'unknown'))
  holds(
    t,
    fc.property(quiet, fc.integer({ min: 1, max: 5 }), (walk, samples) => {
      return walk.every((_, n) => !failsNow(healthAfter(...walk.slice(0, n + 1)), samples))
    }),
  )
})
