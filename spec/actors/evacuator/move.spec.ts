/**
 * The table at the top of `move.ts` is complete: every phase is played with every event, in many
 * circumstances.
 */
import test from 'ava'
import type { MoveAnswer } from '../../../actors/evacuator/evacuator-messages.ts'
import { step, type MoveEvent } from '../../../actors/evacuator/move.ts'
import type { Phase } from '../../../actors/evacuator/move-phase.ts'
import type { MoveTrack } from '../../../actors/evacuator/move-track.ts'
import type { Instance } from '../../../actors/ports/compute.ts'
import { M1, TWO, evacuationRow, instanceRow } from '../records.ts'
import { changesOf, rowsOf } from '../state-table.ts'
import { CONTEXT, RULES, ongoing, polled, refused, trackRow } from './tracks.ts'

const NEXT = { kind: 'pending', notBeforeMs: 0, reason: 'failed' } as const
const ARRIVED = { outcome: 'succeeded', dest: TWO, reason: 'done' } as const
const GIVEN_UP = { outcome: 'failed', dest: null, reason: 'given up' } as const

const PHASES: readonly Phase[] = [
  { kind: 'pending', notBeforeMs: 0, reason: null },
  { kind: 'unplaced', reason: 'no room' },
  { kind: 'requesting' },
  ongoing(true),
  ongoing(false),
  { kind: 'putting-back', next: NEXT },
  { kind: 'restoring', end: ARRIVED, sinceMs: 0, step: 'open', problem: null },
  { kind: 'restoring', end: ARRIVED, sinceMs: null, step: 'none', problem: null },
  { kind: 'restoring', end: GIVEN_UP, sinceMs: 0, step: 'none', problem: 'busy' },
  { kind: 'settling' },
  { kind: 'ended', outcome: 'succeeded' },
  { kind: 'ended', outcome: 'failed' },
  { kind: 'ended', outcome: 'ignored' },
]

const SHOWN: readonly (Instance | undefined)[] = [
  undefined,
  instanceRow(),
  instanceRow({ taskState: 'rebuilding' }),
]

const MOVES: readonly MoveTrack[] = PHASES.flatMap((phase) =>
  SHOWN.flatMap((shown) =>
    (['ours', 'none'] as const).flatMap((lock) =>
      [0, 1, RULES.attemptsMax].map((attempts) =>
        trackRow({ phase, shown, lock, attempts, target: TWO }),
      ),
    ),
  ),
)

const RECORDS = [undefined, 'accepted', 'running', 'done', 'completed', 'failed', 'error'].map(
  (status) => (status === undefined ? [] : [evacuationRow({ status })]),
)

const restored = (change: Partial<MoveAnswer & { readonly type: 'move.restored' }>) =>
  ({
    type: 'move.restored',
    move: M1,
    step: 'unlock',
    problem: null,
    allowed: 'yes',
    ...change,
  }) as const

const EVENTS: readonly MoveEvent[] = [
  { type: 'schedule.unplaced', reason: 'no room at all' },
  { type: 'schedule.placed' },
  { type: 'schedule.request', target: TWO },
  { type: 'schedule.end', end: ARRIVED, ask: 'nobody' },
  { type: 'schedule.end', end: GIVEN_UP, ask: 'nova' },
  { type: 'records.surveyed', atMs: 1 },
  ...[1, RULES.graceMs, RULES.deadlineMs].flatMap((atMs) => [
    polled(atMs, []),
    polled(atMs, [], [TWO]),
    { ...polled(atMs, []), onHost: new Set<never>() },
  ]),
  { type: 'move.prepared', move: M1, target: TWO, done: ['lock', 'call-broken'] },
  { type: 'move.requested', move: M1, atMs: 1, startedAt: 1 },
  { type: 'move.unknown', move: M1, atMs: 1, startedAt: 1 },
  refused(),
  refused({ busy: true }),
  refused({ again: false }),
  { type: 'move.blocked', move: M1, reason: 'not pending', atMs: 1 },
  { type: 'move.forbidden', move: M1, reason: 'paused', atMs: 1 },
  { type: 'move.was-put-back', move: M1, atMs: 1 },
  { type: 'move.looked', move: M1, instance: undefined, successor: null, atMs: 1 },
  {
    type: 'move.looked',
    move: M1,
    instance: instanceRow({ locked: true }),
    successor: null,
    atMs: 1,
  },
  { type: 'move.looked', move: M1, instance: instanceRow(), successor: null, atMs: 1 },
  restored({}),
  restored({ step: 'stop', problem: 'busy' }),
  restored({ allowed: 'no', problem: 'paused' }),
  { type: 'move.settled', move: M1, outcome: 'succeeded' },
]

test('every change of phase is in the table, and every row of the table happens', (t) => {
  const seen = new Set<string>()
  for (const move of MOVES) {
    for (const records of RECORDS) {
      for (const event of EVENTS) {
        const [{ phase }] = step({ ...CONTEXT, records }, move, event)
        if (phase.kind !== move.phase.kind) {
          seen.add(`${move.phase.kind}, ${event.type}: ${phase.kind}`)
        }
      }
    }
  }
  t.deepEqual([...seen].toSorted(), changesOf(rowsOf('evacuator/move.ts')))
})

test('an event that the table does not name leaves the move as it is', (t) => {
  const named = new Set(rowsOf('evacuator/move.ts').map(({ from, event }) => `${from}, ${event}`))
  for (const move of MOVES) {
    for (const event of EVENTS) {
      const what = `${move.phase.kind}, ${event.type}`
      if (!named.has(what)) t.deepEqual(step(CONTEXT, move, event), [move, []], what)
    }
  }
})
