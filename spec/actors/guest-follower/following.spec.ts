/** How the guests of moved instances are followed. When one is back: `finish-line.spec.ts`. */
import {
  decideFollowing,
  type Followed,
  type FollowingAnswer,
  type FollowingTask,
} from '../../../actors/guest-follower/following.ts'
import type { GuestEnd } from '../../../actors/ports/guest-store.ts'
import { FOLLOWED_MS } from '../../../actors/guest-follower/finish-line.ts'
import { testDecisions } from '../decision-table.ts'
import { I1, I2, instanceRow, M1, M2, N1, RUNNING, THREE, TWO } from '../records.ts'
import { awaitedRow, listAt } from './rows.ts'

const move = awaitedRow()
const stopped = { ...RUNNING, vmState: 'stopped', powerState: 4 }
const other = awaitedRow({ uuid: M2, instance: I2, destHost: THREE, origin: stopped })
const there = listAt(900, { agent: 'answers', answersForMs: 400 })
const found = 'its host does not run it'
const instance = instanceRow({ host: TWO, vmState: 'stopped' })
const ends = (end: Omit<GuestEnd, 'at'>): FollowingTask => ({
  type: 'guest.record',
  move,
  end: { ...end, agoMs: 0 },
})
const recorded = (
  end: GuestEnd,
  count: (FollowingAnswer & { readonly type: 'guest.recorded' })['count'],
): FollowingAnswer => ({ type: 'guest.recorded', move, end, count })
type Announced = (FollowingTask & { readonly type: 'guest.announce' })['body']
const announced = (
  end: Pick<Announced, 'state' | 'reason' | 'afterMs' | 'back' | 'total'>,
): FollowingTask => ({
  type: 'guest.announce',
  body: { notification: N1, instance: I1, instanceName: 'web', host: TWO, ...end },
})
const HEARD = 'its agent answers'

testDecisions<Followed, FollowingTask, FollowingAnswer>(
  { file: 'guest-follower/following.ts', initial: new Map(), decide: decideFollowing },
  {
    'the guests that are followed, and what the monitors say → each is judged, and what is certain is recorded':
      [
        {
          title: 'a guest is followed since it was first listed',
          answer: {
            type: 'guests.listed',
            moves: [move],
            lists: new Map([[TWO, there]]),
            atMs: 1000,
          },
          next: new Map([[M1, 1000]]),
        },
        {
          title: 'one is heard on its new host, nothing is expected of another',
          memory: new Map([[M1, 500]]),
          answer: {
            type: 'guests.listed',
            moves: [move, other],
            lists: new Map([[TWO, there]]),
            atMs: 1000,
          },
          tasks: [
            { type: 'guest.record', move, end: { state: 'agent', agoMs: 500, reason: HEARD } },
            {
              type: 'guest.record',
              move: other,
              end: { state: 'not_expected', agoMs: 0, reason: 'it was stopped before the fault' },
            },
          ],
          next: new Map([
            [M1, 500],
            [M2, 1000],
          ]),
        },
        {
          title:
            'what another host says does not count, and what is not listed any more is forgotten',
          memory: new Map([
            [M1, 500],
            [M2, 500],
          ]),
          answer: {
            type: 'guests.listed',
            moves: [move],
            lists: new Map([[THREE, there]]),
            atMs: 1000,
          },
          next: new Map([[M1, 500]]),
        },
      ],
    'nothing was heard of a guest in time → Nova is asked about its instance': [
      {
        title: 'after a quarter of an hour',
        memory: new Map([[M1, 500]]),
        answer: {
          type: 'guests.listed',
          moves: [move],
          lists: new Map([[TWO, { atMs: 1000, guests: new Map() }]]),
          atMs: 500 + FOLLOWED_MS,
        },
        tasks: [{ type: 'guest.look', move, found }],
      },
    ],
    'Nova calls it stopped → its history is read': [
      {
        title: 'its user may have stopped it',
        answer: { type: 'guest.looked', move, found, instance },
        tasks: [{ type: 'guest.read-history', move, found, instance }],
      },
    ],
    'Nova has answered → it is recorded why nothing was heard': [
      {
        title: 'it is active',
        answer: { type: 'guest.looked', move, found, instance: instanceRow({ host: TWO }) },
        tasks: [ends({ state: 'not_heard', reason: found })],
      },
      {
        title: 'it is gone',
        answer: { type: 'guest.looked', move, found, instance: undefined },
        tasks: [ends({ state: 'not_expected', reason: 'it was deleted' })],
      },
      {
        title: 'nobody has stopped it',
        answer: { type: 'guest.history-read', move, found, instance, actions: [] },
        tasks: [ends({ state: 'not_heard', reason: `Nova calls it stopped, and ${found}` })],
      },
    ],
    'it is recorded → it is announced': [
      {
        title: 'with the time from the report to the sign',
        answer: recorded({ state: 'agent', at: 32_000, reason: HEARD }, { back: 1, total: 2 }),
        tasks: [announced({ state: 'agent', reason: HEARD, afterMs: 27_000, back: 1, total: 2 })],
      },
      {
        title: 'without a time, when nothing was heard',
        answer: recorded({ state: 'not_heard', at: 32_000, reason: found }, { back: 0, total: 1 }),
        tasks: [announced({ state: 'not_heard', reason: found, afterMs: null, back: 0, total: 1 })],
      },
    ],
    'the guest is not followed any more → nothing': [
      {
        title: 'another leader has recorded it',
        answer: recorded({ state: 'agent', at: 32_000, reason: HEARD }, undefined),
      },
    ],
    'it is announced → nothing': [{ title: 'it is', answer: { type: 'guest.announced' } }],
    'Nova or the store is away → the next round begins anew': [
      {
        title: 'and the guests are still followed',
        memory: new Map([[M1, 500]]),
        answer: { type: 'following.away' },
        ends: 'end-round',
      },
    ],
  },
)
