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
  guestList,
  type GuestListEffect,
  type GuestListMessage,
} from '../../../actors/instance-watcher/guest-list.ts'
import {
  NEW_GUEST,
  instanceWatcher,
  type InstanceWatcherEffect,
  type InstanceWatcherMessage,
  type InstanceWatcherState,
} from '../../../actors/instance-watcher/instance-watcher.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { GuestSign } from '../../../actors/ports/guest.ts'
import { I1, I2, ONE } from '../records.ts'
import { testSteps, timer } from '../step-table.ts'

const healthAfter = (...signs: readonly GuestSign[]): GuestHealth =>
  signs.reduce(afterSign, UNKNOWN_GUEST)

test('missed heartbeats are counted, and an answer starts anew', (t) => {
  t.deepEqual(healthAfter('alive', 'silent', 'silent'), { answered: true, missed: 2 })
  t.deepEqual(healthAfter('alive', 'silent', 'alive'), { answered: true, missed: 0 })
})

test('a guest that went away is a stranger when it comes back', (t) => {
  t.deepEqual(healthAfter('alive', 'silent', 'gone'), UNKNOWN_GUEST)
})

test('a guest fails at the sample that the rules name, and again as many later', (t) => {
  const failsAt = [1, 2, 3, 4, 5, 6].filter((missed) => failsNow({ answered: true, missed }, 3))
  t.deepEqual(failsAt, [3, 6])
  t.false(failsNow({ answered: true, missed: 0 }, 3))
})

const signs = fc.constantFrom<GuestSign>('alive', 'silent', 'gone')

test('a guest that never answered here never fails', (t) => {
  const quiet = fc.array(fc.constantFrom<GuestSign>('silent', 'gone'))
  fc.assert(
    fc.property(quiet, fc.integer({ min: 1, max: 5 }), (walk, samples) => {
      return walk.every((_, n) => !failsNow(healthAfter(...walk.slice(0, n + 1)), samples))
    }),
  )
  t.pass()
})

const rules = { intervalMs: 5000, timeoutMs: 1000, samples: 2 }
const watch = instanceWatcher(rules)
const next = timer<InstanceWatcherMessage>('heartbeat', 5000, { type: 'guest.heartbeat-due' })
const listening = (missed: number, answered = true): InstanceWatcherState => ({
  kind: 'listening',
  health: { answered, missed },
})
const heard = (sign: GuestSign): InstanceWatcherMessage => ({ type: 'guest.heard', sign })

testSteps<
  InstanceWatcherState,
  InstanceWatcherMessage,
  InstanceWatcherEffect | KernelEffect<InstanceWatcherMessage>
>(watch, [
  {
    title: 'a watcher begins by asking',
    state: NEW_GUEST,
    message: { type: 'guest.begin' },
    effects: [{ type: 'guest.ask' }],
  },
  {
    title: 'a heartbeat that is due is asked for',
    state: listening(0),
    message: { type: 'guest.heartbeat-due' },
    effects: [{ type: 'guest.ask' }],
  },
  {
    title: 'an answer leads to the next question',
    state: NEW_GUEST,
    message: heard('alive'),
    next: listening(0),
    effects: [next],
  },
  {
    title: 'a first missed heartbeat is not reported',
    state: listening(0),
    message: heard('silent'),
    next: listening(1),
    effects: [next],
  },
  {
    title: 'a guest that fell silent is reported',
    state: listening(1),
    message: heard('silent'),
    next: listening(2),
    effects: [next, { type: 'guest.report', missed: 2 }],
  },
  {
    title: 'a guest that left its host is not reported',
    state: listening(1),
    message: heard('gone'),
    next: NEW_GUEST,
    effects: [next],
  },
])

test('a guest is reported only by a heartbeat that was missed', (t) => {
  fc.assert(
    fc.property(fc.array(signs), (walk) => {
      let state = NEW_GUEST
      for (const sign of walk) {
        const [after, effects] = watch(state, heard(sign))
        if (sign !== 'silent' && effects.some(({ type }) => type === 'guest.report')) return false
        state = after
      }
      return true
    }),
  )
  t.pass()
})

const listAgain = timer<GuestListMessage>('list', 5000, { type: 'guests.begin' })
const listed = (...guests: readonly (typeof I1)[]): GuestListMessage => ({
  type: 'guests.listed',
  guests,
})
const name = (instance: typeof I1): string => `${ONE}.${instance}`

testSteps<typeof NO_GUESTS, GuestListMessage, GuestListEffect | KernelEffect<GuestListMessage>>(
  guestList(ONE, 5000),
  [
    {
      title: 'a guest list begins by listing',
      state: NO_GUESTS,
      message: { type: 'guests.begin' },
      effects: [{ type: 'guests.list' }],
    },
    {
      title: 'a guest that is new gets a watcher, and one that is gone loses its own',
      state: { kind: 'listing', guests: new Set([I1]) },
      message: listed(I2),
      next: { kind: 'listing', guests: new Set([I2]) },
      effects: [
        {
          type: 'child.start',
          kind: 'instance-watcher',
          name: name(I2),
          argument: { host: ONE, instance: I2 },
        },
        { type: 'child.stop', kind: 'instance-watcher', name: name(I1) },
        listAgain,
      ],
    },
    {
      title: 'a guest that stays keeps its watcher',
      state: { kind: 'listing', guests: new Set([I1]) },
      message: listed(I1),
      effects: [listAgain],
    },
  ],
)
