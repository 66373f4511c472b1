/** What Nova's evacuation records say about our latest request, and how a stored move is read. */
import test from 'ava'
import {
  judgeRecords,
  lostTargetsOf,
  type RecordVerdict,
} from '../../../actors/evacuator/apply-records.ts'
import {
  NEVER_ASKED,
  spentOf,
  trackOf,
  type MoveTrack,
} from '../../../actors/evacuator/move-track.ts'
import type { ComputeService, Evacuation } from '../../../actors/ports/compute.ts'
import {
  I1,
  I2,
  M1,
  RUNNING,
  SMALL,
  THREE,
  TWO,
  evacuationRow,
  instanceRow,
  moveRow,
  serviceRow,
} from '../records.ts'
import { RULES } from './tracks.ts'

const STARTED_AT = 1_000_000
const track = (olderRecords: readonly string[] = []): MoveTrack => ({
  move: M1,
  instance: I1,
  instanceName: 'web',
  needs: SMALL,
  shown: instanceRow(),
  startedAt: STARTED_AT,
  origin: RUNNING,
  askedAs: 'as-before',
  whereabouts: 'on-the-way',
  lock: 'none',
  remark: null,
  phase: { kind: 'ongoing', requestedAtMs: 0, knownSinceMs: 0, nova: 'accepted' },
  target: TWO,
  attempts: 1,
  refusedBy: [],
  refusals: new Map(),
  scheduler: NEVER_ASKED,
  inherited: null,
  olderRecords,
})
const record = (change: Partial<Evacuation> = {}): Evacuation =>
  evacuationRow({ createdAt: STARTED_AT, ...change })

const begun: RecordVerdict = { kind: 'in-flight', dest: TWO, nova: 'begun' }
const accepted: RecordVerdict = { ...begun, nova: 'accepted' }
const TABLE: readonly (readonly [string, readonly Evacuation[], RecordVerdict])[] = [
  ['there is no record', [], { kind: 'no-record' }],
  ['the record is of another instance', [record({ instance: I2 })], { kind: 'no-record' }],
  ['the record was known before', [record({ id: 'older' })], { kind: 'no-record' }],
  [
    'the record is of an earlier life of the host',
    [record({ createdAt: STARTED_AT - 60_001, status: 'done' })],
    { kind: 'no-record' },
  ],
  ['Nova’s clock is a little behind', [record({ createdAt: STARTED_AT - 60_000 })], accepted],
  ['the record is accepted', [record({ status: 'accepted' })], accepted],
  ['the record is pre-migrating', [record({ status: 'pre-migrating' })], begun],
  ['the record has a status that nobody knows', [record({ status: 'novel' })], begun],
  ['the record is done', [record({ status: 'done' })], { kind: 'moved', dest: TWO, by: 'done' }],
  [
    'the record is completed',
    [record({ status: 'completed' })],
    { kind: 'moved', dest: TWO, by: 'closed' },
  ],
  [
    'the record failed',
    [record({ status: 'failed' })],
    { kind: 'refused', dest: TWO, status: 'failed' },
  ],
  [
    'the record ended in error, without a host',
    [record({ status: 'error', dest: null })],
    { kind: 'refused', dest: null, status: 'error' },
  ],
  [
    'an earlier request moved it after all',
    [
      record({ id: 'b', status: 'failed', createdAt: STARTED_AT + 2 }),
      record({ id: 'a', status: 'done', dest: THREE, createdAt: STARTED_AT + 1 }),
    ],
    { kind: 'moved', dest: THREE, by: 'done' },
  ],
  [
    'an earlier request failed and a newer one is under way',
    [
      record({ id: 'a', status: 'failed', createdAt: STARTED_AT + 1 }),
      record({ id: 'b', createdAt: STARTED_AT + 2 }),
    ],
    accepted,
  ],
  [
    'an earlier request is under way after all, although a newer one failed',
    [
      record({ id: 'b', status: 'failed', dest: THREE, createdAt: STARTED_AT + 2 }),
      record({ id: 'a', createdAt: STARTED_AT + 1 }),
    ],
    accepted,
  ],
]

for (const [what, records, verdict] of TABLE) {
  test(`the verdict is ${verdict.kind} when ${what}`, (t) => {
    t.deepEqual(judgeRecords(track(['older']), records), verdict)
  })
}

const FOUND = {
  shown: instanceRow(),
  olderRecords: ['older'],
  nowMs: 5,
  rules: RULES,
}

test('a move that was never requested ignores existing records', (t) => {
  t.like(trackOf(moveRow(), FOUND), {
    olderRecords: ['older'],
    attempts: 0,
    phase: { kind: 'pending', notBeforeMs: 5, reason: null },
  })
})

test('a move that was put back may find its record late', (t) => {
  t.deepEqual(trackOf(moveRow({ attempts: 1 }), FOUND).olderRecords, [])
})

test('a host that refused a move is not tried again under the next leader', (t) => {
  t.deepEqual(trackOf(moveRow({ attempts: 1, refusedBy: [TWO] }), FOUND).refusedBy, [TWO])
})

test("the next leader asks Nova's scheduler again at once, and requests for which it had no host do not count as attempts", (t) => {
  const track = trackOf(moveRow({ attempts: 5, hadNoHost: 3 }), FOUND)
  t.deepEqual(track.scheduler, { hadNoHost: 3, askAgainAtMs: 5 })
  t.is(spentOf(track), 2)
})

test('a move that was under way is requested again only after a grace period', (t) => {
  const row = moveRow({ status: 'ongoing', destHost: TWO, attempts: 1 })
  t.like(trackOf(row, FOUND), {
    olderRecords: [],
    target: TWO,
    phase: { kind: 'ongoing', requestedAtMs: 5, knownSinceMs: 5, nova: 'silent' },
  })
})

test('the age of a request does not begin again with a leader, but a leader always looks for a while itself', (t) => {
  for (const [askedAgoMs, requestedAtMs] of [
    [40_000, 5 - 40_000],
    [86_400_000, 5 - RULES.deadlineMs + RULES.overdueMs],
  ] as const) {
    const row = moveRow({ status: 'ongoing', destHost: TWO, attempts: 1, askedAgoMs })
    t.like(trackOf(row, FOUND).phase, { requestedAtMs, knownSinceMs: 5 })
  }
})

const service = (change: Partial<ComputeService>): ComputeService =>
  serviceRow({ host: TWO, forcedDown: true, writtenAgoMs: 15_001, ...change })

test('a target is lost when it is forced down and silent; one that writes to Nova again may perform what waited for it', (t) => {
  t.deepEqual(lostTargetsOf([service({})], [TWO]), [TWO])
  t.deepEqual(lostTargetsOf([service({ writtenAgoMs: null })], [TWO]), [TWO])
  t.deepEqual(lostTargetsOf([service({ writtenAgoMs: 15_000 })], [TWO]), [])
  t.deepEqual(lostTargetsOf([service({ forcedDown: false })], [TWO]), [])
  t.deepEqual(lostTargetsOf([service({})], [THREE]), [])
})

test('a request that an earlier leader has ended keeps its age and its host when it is still in flight in Nova', (t) => {
  const row = moveRow({ attempts: 1, askedAgoMs: 40_000, failedBy: TWO })
  t.deepEqual(trackOf(row, FOUND).inherited, { requestedAtMs: 5 - 40_000, failedBy: TWO })
  t.is(trackOf(moveRow(), FOUND).inherited, null)
})

for (const status of ['succeeded', 'failed', 'ignored'] as const) {
  test(`a move that is ${status} stays so`, (t) => {
    t.deepEqual(trackOf(moveRow({ status }), FOUND).phase, { kind: 'ended', outcome: status })
  })
}

test('a new leader does not try a host before the rest of its pause is over', (t) => {
  const refusals = [
    { host: TWO, times: 2, byScheduler: 1, agoMs: 20_000 },
    { host: THREE, times: 1, byScheduler: 1, agoMs: 90_000 },
  ]
  const track = trackOf(moveRow({ attempts: 3, hadNoHost: 2, refusals }), FOUND)
  t.deepEqual(track.refusals.get(TWO), { times: 2, byScheduler: 1, askAgainAtMs: 5 + 40_000 })
  t.deepEqual(track.refusals.get(THREE), { times: 1, byScheduler: 1, askAgainAtMs: 5 })
})
