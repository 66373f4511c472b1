/**
 * What a segment does about one notification: every branch, and that an operator command comes
 * first.
 */
import test from 'ava'
import * as fc from 'fast-check'
import { decide } from '../../../actors/recovery/decide.ts'
import type { Decision } from '../../../actors/recovery/decision.ts'
import type { SegmentSnapshot } from '../../../actors/ports/store.ts'
import type { HostId, NotificationId } from '../../../schema/ids.ts'
import { NOTIFICATION_STATUSES, type Notification } from '../../../schema/records.ts'
import { holds } from '../../support/holds.ts'
import {
  H1,
  H2,
  N1,
  N2,
  TWO,
  certificateRow,
  hostRow,
  notificationRow,
  segmentRow,
  snapshotRow,
  commandRow,
} from '../records.ts'
import { AT_REST } from './stage.ts'

const RUNGS = [{ kind: 'bmc', limitMs: 20_000 } as const]
const RULES = {
  storm: { hostsMax: 0, shareMax: 0.5, windowMs: 300_000 },
  gatheringMs: 60_000,
  expiryMs: 3_600_000,
  rungs: RUNGS,
  consentSegments: ['trusting'],
  returnToService: 'operator' as const,
  deadDomain: 'hosts' as const,
  unsureHoldMs: 600_000,
  holdDownMs: 60_000,
  partitionHoldDownMs: 15_000,
  crashLoop: { failuresMin: 3, windowMs: 86_400_000, firstMs: 600_000, longestMs: 86_400_000 },
}
const OLD = RULES.expiryMs + 1

const host = hostRow()
const others = hostRow({ uuid: H2, name: TWO })
const report = notificationRow
const ignored = (reason: string): Decision => ({ kind: 'conclude', to: 'ignored', reason })
const finished = (reason: string): Decision => ({ kind: 'conclude', to: 'finished', reason })
const failed = (reason: string): Decision => ({ kind: 'conclude', to: 'failed', reason })
const hold = (reason: string): Decision => ({ kind: 'hold', reason })
const fenceIt: Decision = { kind: 'fence', host, rungs: RUNGS, lastResort: null }

const guest = (event: string, what: string): Notification =>
  report({ type: 'VM', payload: { event, vir_domain_event: what, instance_uuid: 'i' } })
const nova = (event: string): Notification =>
  report({ type: 'PROCESS', payload: { event, process_name: 'nova-compute' } })
const operators = { hosts: [hostRow({ onMaintenance: true }), others] }
const held = (by: typeof N1): Partial<SegmentSnapshot> => ({
  hosts: [hostRow({ onMaintenance: true, maintenanceBy: by }), others],
})
const UNSURE = {
  notification: report({ payload: { event: 'STOPPED', host_status: 'UNKNOWN' } }),
}
const STORM = 'storm guard: 1 of 2 hosts were acted on in the last 300 s, the cap is 1'
const TOGETHER =
  'storm guard: 0 of 2 hosts were acted on in the last 300 s, the cap is 1; 2 hosts fail together: compute-1, compute-2'

interface Case {
  readonly snapshot?: Partial<SegmentSnapshot>
  readonly inFlight?: readonly HostId[]
  readonly doubted?: ReadonlySet<HostId>
  readonly nowWallMs?: number
  readonly decision: Decision
}

const CASES: Readonly<Record<string, Case>> = {
  'a notification that is gone is left alone': {
    snapshot: { notification: undefined },
    decision: { kind: 'gone' },
  },
  'a notification of an unregistered host is ignored': {
    snapshot: { hosts: [others] },
    decision: ignored('the host is not registered any more'),
  },
  'a notification of a deleted segment is ignored': {
    snapshot: { segment: undefined },
    decision: ignored('the host is not registered any more'),
  },
  'a trusted report that a host is down leads to a fence': { decision: fenceIt },
  'a segment that consents says so to the fence': {
    snapshot: { segment: segmentRow({ name: 'trusting' }) },
    decision: { kind: 'fence', host, rungs: RUNGS, lastResort: 'consent' },
  },
  'a host that starts needs nothing': {
    snapshot: { notification: report({ payload: { event: 'STARTED' } }) },
    decision: finished('a host that starts needs nothing'),
  },
  'a report whose sender is not sure is held for a second look': {
    snapshot: UNSURE,
    nowWallMs: RULES.unsureHoldMs,
    decision: hold(
      'the reporter does not know whether the host is down; our own watchers look again',
    ),
  },
  'a report whose sender is not sure is ignored when nobody confirms it': {
    snapshot: UNSURE,
    nowWallMs: RULES.unsureHoldMs + 1,
    decision: ignored(
      'the reporter did not know whether the host was down, and no other report confirmed it within 600 s',
    ),
  },
  'a segment climbs the fence plan that its operators chose': {
    snapshot: { choices: { rungs: [{ kind: 'operator', limitMs: 5000 }], trustReports: true } },
    decision: {
      kind: 'fence',
      host,
      rungs: [{ kind: 'operator', limitMs: 5000 }],
      lastResort: 'consent',
    },
  },
  'a segment may take back the consent of the configuration': {
    snapshot: { segment: segmentRow({ name: 'trusting' }), choices: { trustReports: false } },
    decision: fenceIt,
  },
  'an operator who confirms the death stands in for a confirmation, before any consent': {
    snapshot: { segment: segmentRow({ name: 'trusting' }), commands: [commandRow()] },
    decision: { kind: 'fence', host, rungs: RUNGS, lastResort: 'operator' },
  },
  'a disabled segment ignores what is new': {
    snapshot: { segment: segmentRow({ enabled: false }) },
    decision: ignored('the segment is disabled'),
  },
  'a disabled segment holds what has begun': {
    snapshot: {
      segment: segmentRow({ enabled: false }),
      notification: report({ status: 'running' }),
    },
    decision: hold('the segment is disabled'),
  },
  'a disabled segment holds a host whose death is certified': {
    snapshot: { segment: segmentRow({ enabled: false }), certificate: certificateRow() },
    decision: hold('the segment is disabled'),
  },
  'a held recovery fails when it has become too old': {
    snapshot: {
      segment: segmentRow({ enabled: false }),
      notification: report({ status: 'running' }),
    },
    nowWallMs: OLD,
    decision: failed('expired while it had to wait: the segment is disabled'),
  },
  'a host on maintenance is ignored': {
    snapshot: operators,
    decision: ignored('the host is on maintenance'),
  },
  'a host taken into maintenance meanwhile is held': {
    snapshot: { ...operators, notification: report({ status: 'error' }) },
    decision: hold('the host is on maintenance'),
  },
  'a host that another recovery handles is ignored': {
    snapshot: held(N2),
    decision: ignored(`the host is being handled by recovery ${N2}`),
  },
  'a host that this very recovery holds is acted on': {
    snapshot: { ...held(N1), notification: report({ status: 'running' }) },
    decision: {
      kind: 'fence',
      host: hostRow({ onMaintenance: true, maintenanceBy: N1 }),
      rungs: RUNGS,
      lastResort: null,
    },
  },
  'a host beyond the cap is held': {
    snapshot: { hostsActedOn: [H2] },
    decision: hold(STORM),
  },
  'hosts in flight count against the cap': { inFlight: [H2], decision: hold(STORM) },
  'a host that was acted on already counts once': {
    snapshot: { hostsActedOn: [H1] },
    decision: fenceIt,
  },
  'a host that waited too long for the storm to pass fails': {
    snapshot: { hostsActedOn: [H2] },
    nowWallMs: OLD,
    decision: failed(`expired while it had to wait: ${STORM}`),
  },
  'hosts that are reported within a minute wait together': {
    snapshot: { failing: [report(), report({ sourceHost: H2, createdAt: 60_000 })] },
    decision: hold(TOGETHER),
  },
  'a host that was reported longer ago is not of the same group': {
    snapshot: { failing: [report(), report({ sourceHost: H2, createdAt: -60_001 })] },
    decision: fenceIt,
  },
  'a host that observers have begun to doubt is of the group': {
    doubted: new Set([H2]),
    decision: hold(TOGETHER),
  },
  'a host that is out of service is not of the group': {
    doubted: new Set([H2]),
    snapshot: { hosts: [host, hostRow({ uuid: H2, name: TWO, onMaintenance: true })] },
    decision: fenceIt,
  },
  'what has begun does not wait for a group': {
    doubted: new Set([H2]),
    snapshot: { notification: report({ status: 'error' }) },
    decision: fenceIt,
  },
  'a host beyond the cap is acted on when an operator approves': {
    snapshot: { hostsActedOn: [H2], commands: [commandRow({ kind: 'approve' })] },
    decision: fenceIt,
  },
  'a segment may have a cap of its own': {
    snapshot: { hostsActedOn: [H2], choices: { shareMax: 1 } },
    decision: fenceIt,
  },
  'a guest on a host on maintenance is left alone': {
    snapshot: { ...operators, notification: guest('LIFECYCLE', 'STOPPED_FAILED') },
    decision: ignored('the host is on maintenance'),
  },
  'a nova-compute that starts needs nothing': {
    snapshot: { notification: nova('STARTED') },
    decision: finished('if it was disabled because it had died, it is enabled once it beats again'),
  },
  'a nova-compute that stops has its host kept away from the scheduler': {
    snapshot: { notification: nova('STOPPED') },
    decision: { kind: 'disable' },
  },
  'a nova-compute that stops on a host that is reported dead waits': {
    snapshot: {
      notification: nova('STOPPED'),
      hostFault: { notification: N2, certified: false, state: 'open' },
    },
    decision: {
      kind: 'hold',
      reason: `its host is reported dead: recovery ${N2} comes first`,
      behind: N2,
    },
  },
  'another process is left to its own supervision': {
    snapshot: {
      notification: report({
        type: 'PROCESS',
        payload: { event: 'STOPPED', process_name: 'sshd' },
      }),
    },
    decision: ignored('sshd has its own supervision: only nova-compute is handled'),
  },
}

for (const [title, { snapshot = {}, inFlight = [], decision, ...rest }] of Object.entries(CASES)) {
  test(title, (t) => {
    const recovering = new Map<string, NotificationId>()
    const when = { ...AT_REST, ledForMs: RULES.holdDownMs, recovering, ...rest }
    const known = { snapshot: snapshotRow(snapshot), inFlight: new Set(inFlight) }
    const situation = { ...when, ...known }
    t.deepEqual(decide(RULES, situation), decision)
  })
}

for (const status of ['finished', 'ignored', 'failed'] as const) {
  test(`a notification that is ${status} is not touched`, (t) => {
    const snapshot = snapshotRow({ notification: report({ status }) })
    t.deepEqual(decide(RULES, { ...AT_REST, snapshot }), { kind: 'gone' })
  })
}

const situations = fc.record({
  status: fc.constantFrom(...NOTIFICATION_STATUSES),
  type: fc.constantFrom('COMPUTE_HOST' as const, 'VM' as const),
  enabled: fc.boolean(),
  onMaintenance: fc.boolean(),
  maintenanceBy: fc.constantFrom(null, N1, N2),
  certified: fc.boolean(),
  actedOn: fc.subarray([H1, H2]),
  nowWallMs: fc.constantFrom(0, OLD),
})

test('nothing is done against an operator command, whatever else is known', (t) => {
  holds(
    t,
    fc.property(situations, (world) => {
      const { onMaintenance, enabled } = world
      const maintenanceBy = onMaintenance ? world.maintenanceBy : null
      const payload =
        world.type === 'VM'
          ? { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED' }
          : { event: 'STOPPED', host_status: 'NORMAL' }
      const decision = decide(RULES, {
        snapshot: snapshotRow({
          segment: segmentRow({ enabled }),
          hosts: [hostRow({ onMaintenance, maintenanceBy }), others],
          notification: report({ status: world.status, type: world.type, payload }),
          certificate: world.certified ? certificateRow() : undefined,
          hostsActedOn: world.actedOn,
        }),
        ...AT_REST,
        ledForMs: RULES.holdDownMs,
        nowWallMs: world.nowWallMs,
      })
      const acts = decision.kind === 'fence' || decision.kind === 'restart'
      return !acts || (enabled && (!onMaintenance || maintenanceBy === N1))
    }),
  )
})
