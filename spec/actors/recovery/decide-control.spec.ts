/**
 * What a segment does about a recovery that operators have paused, cancelled, retried, or stopped
 * with all others.
 */
import test from 'ava'
import { decide } from '../../../actors/recovery/decide.ts'
import type { Decision } from '../../../actors/recovery/decision.ts'
import type { SegmentSnapshot } from '../../../actors/ports/store.ts'
import {
  N1,
  certificateRow,
  hostRow,
  moveRow,
  notificationRow as report,
  segmentRow,
  snapshotRow,
  commandRow,
} from '../records.ts'
import { AT_REST, RULES } from './stage.ts'

const OLD = RULES.expiryMs + 1
const hold = (reason: string): Decision => ({ kind: 'hold', reason })
const fenceIt: Decision = { kind: 'fence', host: hostRow(), rungs: RULES.rungs, lastResort: null }
const PAUSED = { kind: 'paused', reason: 'paused by alice' } as const
const STOPPED = { kind: 'stopped', reason: 'stopped by bob' } as const
const CANCELLED = { kind: 'cancelled', reason: 'cancelled by alice' } as const

interface Case {
  readonly snapshot: Partial<SegmentSnapshot>
  readonly nowWallMs?: number
  readonly hostSeenWell?: boolean
  readonly decision: Decision
}

const CASES: Readonly<Record<string, Case>> = {
  'a held recovery is as old as its latest retry': {
    snapshot: {
      segment: segmentRow({ enabled: false }),
      notification: report({ status: 'running' }),
      commands: [commandRow({ kind: 'retry', givenAt: OLD })],
    },
    nowWallMs: OLD,
    decision: hold('the segment is disabled'),
  },
  'a paused recovery is held however old it is, also as new': {
    snapshot: { control: PAUSED },
    nowWallMs: OLD,
    decision: hold('paused by alice'),
  },
  'a stopped site holds everything, before it looks at the segment': {
    snapshot: { control: STOPPED, segment: segmentRow({ enabled: false }) },
    decision: hold('stopped by bob'),
  },
  'a cancelled recovery ends': {
    snapshot: { control: CANCELLED },
    decision: { kind: 'cancel', reason: 'cancelled by alice' },
  },
  'a cancelled recovery follows what Nova has under way first': {
    snapshot: { control: CANCELLED, moves: [moveRow({ status: 'ongoing' })] },
    decision: { kind: 'follow', reason: 'cancelled by alice' },
  },
  'a disabled segment follows what Nova has under way, too': {
    snapshot: {
      segment: segmentRow({ enabled: false }),
      notification: report({ status: 'running' }),
      moves: [moveRow({ status: 'ongoing' })],
    },
    nowWallMs: OLD,
    decision: { kind: 'follow', reason: 'the segment is disabled' },
  },
  'what an operator retries in a disabled segment waits while it keeps its host': {
    snapshot: {
      segment: segmentRow({ enabled: false }),
      hosts: [hostRow({ onMaintenance: true, maintenanceBy: N1 })],
    },
    decision: { kind: 'hold', reason: 'the segment is disabled' },
  },
  'an operator vouches for a report whose sender is not sure': {
    snapshot: {
      notification: report({ payload: { event: 'STOPPED', host_status: 'UNKNOWN' } }),
      commands: [commandRow()],
    },
    decision: { ...fenceIt, lastResort: 'operator' },
  },
  'a segment that trusts reports trusts those of a cluster': {
    snapshot: { choices: { trustReports: true } },
    decision: { ...fenceIt, lastResort: 'consent' },
  },
  'a segment that trusts reports does not trust our own observers': {
    snapshot: {
      notification: report({ payload: { event: 'STOPPED', host_status: 'NORMAL' } }),
      choices: { trustReports: true },
    },
    decision: fenceIt,
  },
  'a host that was fenced and is back is not fenced again': {
    snapshot: {
      notification: report({ status: 'error', message: 'vm-1 waits for room' }),
      certificate: certificateRow(),
    },
    hostSeenWell: true,
    decision: {
      kind: 'conclude',
      to: 'failed',
      reason: 'the host is back, and what was not moved is left on it; vm-1 waits for room',
    },
  },
  'what was intended before a host came back is not told of it': {
    snapshot: {
      notification: report({ status: 'running', message: 'the host will be fenced' }),
      certificate: certificateRow(),
    },
    hostSeenWell: true,
    decision: {
      kind: 'conclude',
      to: 'failed',
      reason: 'the host is back, and what was not moved is left on it',
    },
  },
  'what Nova has under way is followed also when the host is back': {
    snapshot: {
      notification: report({ status: 'running' }),
      certificate: certificateRow(),
      moves: [moveRow({ status: 'ongoing' })],
    },
    hostSeenWell: true,
    decision: { kind: 'follow', reason: 'the host is back, and what was not moved is left on it' },
  },
  'a host that is seen well and was not fenced is no other case': {
    snapshot: {},
    hostSeenWell: true,
    decision: fenceIt,
  },
  'a death that was confirmed before the latest retry is not confirmed any more': {
    snapshot: { commands: [commandRow(), commandRow({ kind: 'retry' })] },
    decision: fenceIt,
  },
}

for (const [title, { snapshot, nowWallMs = 0, hostSeenWell = false, decision }] of Object.entries(
  CASES,
)) {
  test(title, (t) => {
    const now = { ...AT_REST, nowWallMs, hostSeenWell }
    t.deepEqual(decide(RULES, { snapshot: snapshotRow(snapshot), ...now }), decision)
  })
}
