/** Campaign, claim the epoch, lead, and step down: every transition of the lease holder. */
import test from 'ava'
import * as fc from 'fast-check'
import {
  leaseHolder,
  type LeaseEffect,
  type LeaseMessage,
  type LeaseState,
} from '../../../actors/leadership/lease-holder.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import { startChild, stopChild } from '../../../actors/registry.ts'
import { epoch } from '../../../schema/ids.ts'
import { holds } from '../../support/holds.ts'
import { EPOCH } from '../records.ts'
import { testSteps, timer } from '../step-table.ts'

const TIMING = { ttlMs: 6000, renewIntervalMs: 2000, campaignIntervalMs: 250, marginMs: 500 }
const behaviour = leaseHolder(TIMING)

type Effect = LeaseEffect | KernelEffect<LeaseMessage>

const CANDIDATE: LeaseState = { kind: 'candidate', reason: null }
const candidate = (reason: string): LeaseState => ({ kind: 'candidate', reason })
const CLAIMING: LeaseState = { kind: 'claiming-epoch', revision: 3, startedAtMs: 1000 }
const LEADER: LeaseState = { kind: 'leader', epoch: EPOCH, revision: 3, startedAtMs: 1000 }
const RESIGNED: LeaseState = { kind: 'resigned' }

const campaignLater = timer<LeaseMessage>('campaign', 250, { type: 'lease.campaign' })
const renewIn = (afterMs: number): KernelEffect<LeaseMessage> =>
  timer<LeaseMessage>('renew', afterMs, { type: 'lease.renew-due' })
const ownClock = timer<LeaseMessage>('own-clock', 5500, { type: 'lease.expired' })
const stepDown: readonly Effect[] = [{ type: 'term.end' }, stopChild('leader', '7')]
const release: Effect = { type: 'lease.release', revision: 3 }

testSteps(behaviour, [
  {
    title: 'a candidate campaigns',
    state: CANDIDATE,
    message: { type: 'lease.campaign' },
    effects: [{ type: 'lease.create' }],
  },
  {
    title: 'a candidate that missed campaigns again later',
    state: CANDIDATE,
    message: { type: 'lease.missed' },
    effects: [campaignLater],
  },
  {
    title: 'a candidate that took the lease claims an epoch before it leads',
    state: CANDIDATE,
    message: { type: 'lease.taken', revision: 3, startedAtMs: 1000 },
    next: CLAIMING,
    effects: [{ type: 'epoch.claim' }],
  },
  {
    title: 'a claimed epoch makes the leader, for as long as the lease was taken for',
    state: CLAIMING,
    message: { type: 'lease.epoch-claimed', epoch: EPOCH },
    next: LEADER,
    effects: [
      { type: 'term.hold', epoch: EPOCH, startedAtMs: 1000 },
      { type: 'leader.proclaim', epoch: EPOCH },
      startChild('leader', '7', EPOCH),
      renewIn(0),
      ownClock,
    ],
  },
  {
    title: 'a store that gives no epoch makes us give the lease back',
    state: CLAIMING,
    message: { type: 'lease.epoch-refused', reason: 'the store is away' },
    next: candidate('the store is away'),
    effects: [release, campaignLater],
  },
  {
    title: 'a leader renews when it is due',
    state: LEADER,
    message: { type: 'lease.renew-due' },
    effects: [{ type: 'lease.renew', revision: 3 }],
  },
  {
    title: 'a renewal prolongs the term from the moment when its write began',
    state: LEADER,
    message: { type: 'lease.renewed', of: 3, revision: 4, startedAtMs: 3000 },
    next: { kind: 'leader', epoch: EPOCH, revision: 4, startedAtMs: 3000 },
    effects: [{ type: 'term.hold', epoch: EPOCH, startedAtMs: 3000 }, renewIn(2000), ownClock],
  },
  {
    title: 'a renewal of unknown outcome is tried again soon, and our own clock goes on',
    state: LEADER,
    message: { type: 'lease.renew-failed', of: 3 },
    effects: [renewIn(250)],
  },
  {
    title: 'a lost lease ends the term and all that acts',
    state: LEADER,
    message: { type: 'lease.lost', of: 3 },
    next: candidate('another process has the lease'),
    effects: [...stepDown, campaignLater],
  },
  {
    title: 'a leader whose own clock says that the lease ends steps down',
    state: LEADER,
    message: { type: 'lease.expired' },
    next: candidate(
      'the lease could not be renewed in time: the bus did not answer, or this process stood still',
    ),
    effects: [...stepDown, campaignLater],
  },
  {
    title:
      'a late answer that a lease of before is lost takes nothing from the one who leads again',
    state: LEADER,
    message: { type: 'lease.lost', of: 2 },
  },
  {
    title:
      'a late answer that a lease of before was renewed changes nothing about the one that is held',
    state: LEADER,
    message: { type: 'lease.renewed', of: 2, revision: 9, startedAtMs: 500 },
  },
  {
    title: 'a late answer that nobody knows of a lease of before has nothing renewed sooner',
    state: LEADER,
    message: { type: 'lease.renew-failed', of: 2 },
  },
  {
    title: 'a leader whose epoch the store refuses steps down and gives the lease back',
    state: LEADER,
    message: { type: 'lease.deposed', epoch: EPOCH },
    next: candidate('the store has seen a newer epoch: a newer engine leads'),
    effects: [...stepDown, release, campaignLater],
  },
  {
    title: 'news of an earlier epoch does not depose the leader',
    state: LEADER,
    message: { type: 'lease.deposed', epoch: epoch(6) },
  },
  {
    title: 'a leader that resigns gives the lease back at once',
    state: LEADER,
    message: { type: 'lease.resign' },
    next: RESIGNED,
    effects: [...stepDown, release],
  },
  {
    title: 'a candidate that resigns campaigns no more',
    state: CANDIDATE,
    message: { type: 'lease.resign' },
    next: RESIGNED,
  },
  {
    title: 'a holder that resigns before it has an epoch gives the lease back, too',
    state: CLAIMING,
    message: { type: 'lease.resign' },
    next: RESIGNED,
    effects: [release],
  },
  {
    title: 'a lease that was taken while we resigned is given back',
    state: RESIGNED,
    message: { type: 'lease.taken', revision: 3, startedAtMs: 1000 },
    effects: [release],
  },
  {
    title: 'a lease that was renewed while we resigned is given back',
    state: RESIGNED,
    message: { type: 'lease.renewed', of: 2, revision: 3, startedAtMs: 1000 },
    effects: [release],
  },
])

const MESSAGES: readonly LeaseMessage[] = [
  { type: 'lease.campaign' },
  { type: 'lease.missed' },
  { type: 'lease.epoch-claimed', epoch: EPOCH },
  { type: 'lease.epoch-refused', reason: 'the store is away' },
  { type: 'lease.renew-due' },
  { type: 'lease.renewed', of: 3, revision: 9, startedAtMs: 9000 },
  { type: 'lease.renew-failed', of: 3 },
  { type: 'lease.lost', of: 3 },
  { type: 'lease.expired' },
  { type: 'lease.deposed', epoch: EPOCH },
]

/** Messages that a state does not wait for: answers to what an earlier state asked. */
const UNEXPECTED: readonly (readonly [LeaseState, readonly LeaseMessage['type'][]])[] = [
  [CANDIDATE, ['lease.campaign', 'lease.missed']],
  [CLAIMING, ['lease.epoch-claimed', 'lease.epoch-refused']],
  [
    LEADER,
    [
      'lease.renew-due',
      'lease.renewed',
      'lease.renew-failed',
      'lease.lost',
      'lease.expired',
      'lease.deposed',
    ],
  ],
  [RESIGNED, ['lease.renewed']],
]

for (const [state, expected] of UNEXPECTED) {
  test(`answers that ${state.kind} does not wait for change nothing`, (t) => {
    for (const message of MESSAGES) {
      if (expected.includes(message.type)) continue
      t.deepEqual(behaviour(state, message), [state, []], message.type)
    }
  })
}

const messages = fc.oneof(
  fc.constantFrom<LeaseMessage>(...MESSAGES, {
    type: 'lease.taken',
    revision: 5,
    startedAtMs: 500,
  }),
  fc
    .integer({ min: 1, max: 50 })
    .map((value): LeaseMessage => ({ type: 'lease.epoch-claimed', epoch: epoch(value) })),
)

test('whatever happens, at most one leader runs, and none without a term', (t) => {
  holds(
    t,
    fc.property(fc.array(messages, { maxLength: 200 }), (sequence) => {
      const running = new Set<string>()
      let term: number | undefined
      let state: LeaseState = CANDIDATE
      for (const message of sequence) {
        const [next, effects] = behaviour(state, message)
        for (const effect of effects) {
          if (effect.type === 'term.hold') term = effect.epoch
          if (effect.type === 'term.end') term = undefined
          if (effect.type === 'child.start') running.add(effect.name)
          if (effect.type === 'child.stop') running.delete(effect.name)
        }
        state = next
        const leads = state.kind === 'leader'
        if (running.size !== (leads ? 1 : 0) || (term !== undefined) !== leads) return false
        if (state.kind === 'leader' && term !== state.epoch) return false
      }
      return true
    }),
  )
})
