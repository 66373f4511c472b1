/** The table at the top of `recovery.ts` is complete: every state is played with every message. */
import test from 'ava'
import type {
  Known,
  RecoveryMessage,
  RecoveryOrder,
  RecoveryState,
} from '../../../actors/recovery/recovery-messages.ts'
import { newRecovery, recovery } from '../../../actors/recovery/recovery.ts'
import type { Notification } from '../../../schema/records.ts'
import {
  EPOCH,
  I1,
  N1,
  ONE,
  SEGMENT,
  certificateRow,
  hostRow,
  moveRow,
  notificationRow,
  segmentRow,
  snapshotRow,
  commandRow,
} from '../records.ts'
import { changesOf, rowsOf, stepsOf } from '../state-table.ts'
import { RULES } from './stage.ts'

const PAUSED = { kind: 'paused', reason: 'paused by alice: lunch' } as const
const RUNNING = { kind: 'running' } as const

const orderOf = (
  change: Partial<Notification>,
  objection: string | null = null,
): RecoveryOrder => ({
  segment: SEGMENT,
  epoch: EPOCH,
  notification: notificationRow({ uuid: N1, ...change }),
  hostName: ONE,
  evidence: [],
  control: RUNNING,
  commandCount: 0,
  objection,
})
const GUEST = {
  type: 'VM',
  payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: I1 },
} as const
const ORDERS: readonly RecoveryOrder[] = [
  orderOf({}),
  orderOf({}, 'seen alive all the time'),
  orderOf({ status: 'running' }),
  orderOf(GUEST),
  orderOf({ ...GUEST, payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_SHUTDOWN' } }),
]

const { known: fresh } = newRecovery(orderOf({}))
const KNOWN: readonly Known[] = [
  fresh,
  { ...fresh, run: 3, seenAlive: 3 },
  { ...fresh, certified: true },
  { ...fresh, control: PAUSED },
]

const fence = { kind: 'fence', host: hostRow(), rungs: [], lastResort: null } as const
const restart = { kind: 'restart', fault: 'hung', mayRebuild: false, askedForAt: 0 } as const
const statesWith = (known: Known): readonly RecoveryState[] => [
  { kind: 'queued', reason: null, known },
  { kind: 'deciding', reason: null, known },
  { kind: 'held', reason: 'x', behind: null, known },
  { kind: 'held', reason: 'x', behind: N1, known },
  { kind: 'admitting', reason: 'x', plan: fence, known },
  { kind: 'admitting', reason: 'x', plan: restart, known },
  { kind: 'admitting', reason: 'x', plan: { kind: 'disable' }, known },
  { kind: 'fencing', reason: null, known },
  { kind: 'evacuating', reason: null, room: 'there', known },
  { kind: 'restarting', reason: null, known },
  { kind: 'disabling', reason: null, known },
  { kind: 'suspending', reason: 'x', known },
  { kind: 'pausing', reason: 'x', known },
  { kind: 'concluding', reason: 'x', to: 'finished', known },
]

const turn = { inFlight: new Set<never>(), recovering: new Map<string, never>(), crowd: 1 }
const asked = {
  type: 'recovery.consulted',
  turn,
  nowWallMs: 0,
  ledForMs: 0,
  inContactForMs: Infinity,
  hostSeenWell: false,
  doubted: new Set<never>(),
  cut: { kind: 'separate' } as const,
  awaited: undefined,
} as const
const SNAPSHOTS = [
  snapshotRow(),
  snapshotRow({ control: PAUSED }),
  snapshotRow({ segment: segmentRow({ enabled: false }) }),
  snapshotRow({ notification: notificationRow({ status: 'finished' }) }),
  snapshotRow({ notification: notificationRow(GUEST) }),
  snapshotRow({
    notification: notificationRow({ status: 'running' }),
    certificate: certificateRow(),
    control: PAUSED,
    commands: [commandRow()],
    moves: [moveRow({ status: 'ongoing', attempts: 1 })],
  }),
  snapshotRow({ notification: notificationRow({ payload: { event: 'STARTED' } }) }),
]
const about = { notification: N1, reason: 'because' } as const
const MESSAGES: readonly RecoveryMessage[] = [
  { type: 'recovery.begin' },
  { type: 'recovery.heard', control: RUNNING, commandCount: 1 },
  { type: 'recovery.heard', control: PAUSED, commandCount: 1 },
  { type: 'recovery.host-alive', reason: 'seen alive' },
  { type: 'recovery.turn', ...turn },
  { type: 'recovery.stand-aside' },
  { type: 'recovery.release' },
  { type: 'recovery.behind-nobody' },
  ...SNAPSHOTS.map((snapshot) => ({ ...asked, snapshot })),
  { type: 'recovery.admitted' },
  { type: 'recovery.deferred', reason: 'the cap is 1' },
  { type: 'recovery.gone' },
  { type: 'recovery.decide-due' },
  { type: 'recovery.concluded' },
  { type: 'recovery.suspended', chance: 0.5 },
  { type: 'fence.confirmed', certificate: certificateRow() },
  { type: 'fence.unconfirmed', ...about },
  { type: 'fence.refused', ...about },
  { type: 'fence.contradicted', ...about },
  { type: 'fence.abandoned', ...about },
  { type: 'evacuator.room', notification: N1, room: 'awaited' },
  { type: 'evacuator.finished', notification: N1, succeeded: 1, failed: 0, ignored: 0 },
  { type: 'evacuator.finished', notification: N1, succeeded: 0, failed: 1, ignored: 0 },
  { type: 'evacuator.forbidden', ...about },
  { type: 'fault.concluded', ...about, status: 'finished' },
  { type: 'fault.concluded', ...about, status: 'error' },
  { type: 'fault.forbidden', ...about },
]

test('every change of state is in the table, and every row of the table happens', (t) => {
  const behaviours = ORDERS.map((order) => recovery(order, RULES))
  const steps = stepsOf(behaviours, KNOWN.flatMap(statesWith), MESSAGES)
  t.deepEqual(changesOf(steps), changesOf(rowsOf('recovery/recovery.ts')))
})
