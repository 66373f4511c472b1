/**
 * What a segment does about a failed guest: the policy of each event, its host's fault, and the
 * crash-loop limit.
 */
import test from 'ava'
import { decide } from '../../../actors/recovery/decide.ts'
import type { Decision } from '../../../actors/recovery/decision.ts'
import { eventPolicy } from '../../../actors/instance-recovery/instance-events.ts'
import type { InstanceRestart } from '../../../actors/ports/host-fault.ts'
import type { SegmentSnapshot } from '../../../actors/ports/store.ts'
import type { HostId, NotificationId } from '../../../schema/ids.ts'
import type { Notification } from '../../../schema/records.ts'
import {
  H2,
  I1,
  N1,
  N2,
  TWO,
  hostRow,
  notificationRow,
  snapshotRow,
  commandRow,
} from '../records.ts'
import { RULES } from './stage.ts'

const NOW = 100 * 3_600_000
const HOUR = 3_600_000
const fault = (change: Partial<Notification> = {}): Notification =>
  notificationRow({
    type: 'VM',
    payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: I1 },
    createdAt: NOW,
    ...change,
  })
const restarted = (agoMs: number, ranAgoMs?: number, by: NotificationId = N2): InstanceRestart => ({
  notification: by,
  orderedAt: NOW - agoMs,
  ranAt: ranAgoMs === undefined ? null : NOW - ranAgoMs,
})
const RESTART: Decision = { kind: 'restart', fault: 'stopped', mayRebuild: false, askedForAt: NOW }
const hold = (reason: string): Decision => ({ kind: 'hold', reason })
const ignored = (reason: string): Decision => ({ kind: 'conclude', to: 'ignored', reason })
const THRICE = [restarted(3 * HOUR), restarted(2 * HOUR), restarted(60_000, 50_000)]

interface Case {
  readonly snapshot?: Partial<SegmentSnapshot>
  readonly recovering?: ReadonlyMap<string, NotificationId>
  readonly decision: Decision
}

const CASES: Readonly<Record<string, Case>> = {
  'a guest that died is restarted': { decision: RESTART },
  'a guest may be made anew where its segment allows it': {
    snapshot: { choices: { instanceRebuild: 'allow' } },
    decision: { ...RESTART, mayRebuild: true },
  },
  'a guest waits while its host is reported dead': {
    snapshot: { hostFault: { notification: N2, certified: false, state: 'open' } },
    decision: {
      kind: 'hold',
      reason: `its host is reported dead: recovery ${N2} comes first`,
      behind: N2,
    },
  },
  'a guest waits while its host is held by a recovery': {
    snapshot: {
      hosts: [
        hostRow({ onMaintenance: true, maintenanceBy: N2 }),
        hostRow({ uuid: H2, name: TWO }),
      ],
    },
    decision: hold(`its host is out of service until it returns from recovery ${N2}`),
  },
  'a guest of a host whose recovery was cancelled is the operator’s': {
    snapshot: { hostFault: { notification: N2, certified: false, state: 'cancelled' } },
    decision: ignored(`its host is out of service: its recovery ${N2} was cancelled`),
  },
  'a guest of a host certainly dead that has not returned is the host’s business': {
    snapshot: { hostFault: { notification: N2, certified: true, state: 'ended' } },
    decision: ignored(`superseded by the fault of its host, recovery ${N2}`),
  },
  'a guest of a host that is certainly dead is the host’s business': {
    snapshot: { hostFault: { notification: N2, certified: true, state: 'open' } },
    decision: ignored(`superseded by the fault of its host, recovery ${N2}`),
  },
  'a guest that another recovery restarts waits': {
    recovering: new Map([[I1, N2]]),
    decision: hold(`recovery ${N2} restarts it already`),
  },
  'a guest that was restarted since the report needs nothing': {
    snapshot: { restarts: [restarted(0, -2000)] },
    decision: ignored(`recovery ${N2} has restarted it since`),
  },
  'a guest that an operator retries is restarted, whatever was done before': {
    snapshot: {
      restarts: [restarted(0, -2000)],
      commands: [commandRow({ kind: 'retry', givenAt: NOW + 60_000 })],
    },
    decision: { kind: 'restart', fault: 'stopped', mayRebuild: false, askedForAt: NOW + 60_000 },
  },
  'a guest that failed again after a restart is restarted again': {
    snapshot: { restarts: [restarted(HOUR, 10)] },
    decision: RESTART,
  },
  'a guest that was restarted too often is left alone': {
    snapshot: { restarts: THRICE },
    decision: hold(
      'it was restarted 3 times lately and is left alone until 1970-01-05T04:09:00.000Z',
    ),
  },
  'each further restart doubles the time': {
    snapshot: { restarts: [restarted(4 * HOUR), ...THRICE] },
    decision: hold(
      'it was restarted 4 times lately and is left alone until 1970-01-05T04:19:00.000Z',
    ),
  },
  'restarts before the window do not count': {
    snapshot: { restarts: [restarted(25 * HOUR), ...THRICE.slice(1)] },
    decision: RESTART,
  },
  'a restart that has begun goes on, whatever the limit': {
    snapshot: { notification: fault({ status: 'running' }), restarts: THRICE },
    decision: RESTART,
  },
  'its own restart does not count': {
    snapshot: { restarts: [...THRICE.slice(1), restarted(0, undefined, N1)] },
    decision: RESTART,
  },
}

for (const [title, { snapshot = {}, recovering = new Map(), decision }] of Object.entries(CASES)) {
  test(title, (t) => {
    const situation = {
      snapshot: snapshotRow({ notification: fault(), ...snapshot }),
      recovering,
      inFlight: new Set<never>(),
      doubted: new Set<HostId>(),
      cut: { kind: 'separate' } as const,
      awaited: undefined,
      ledForMs: 0,
      inContactForMs: Infinity,
      hostSeenWell: false,
      nowWallMs: NOW,
    }
    t.deepEqual(decide(RULES, situation), decision)
  })
}

const ACTED_ON = [
  'LIFECYCLE STOPPED_FAILED',
  'LIFECYCLE STOPPED_CRASHED',
  'LIFECYCLE CRASHED_PANICKED',
  'LIFECYCLE SUSPENDED_IOERROR',
  'LIFECYCLE SUSPENDED_WATCHDOG',
  'WATCHDOG WATCHDOG_PAUSE',
  'WATCHDOG WATCHDOG_POWEROFF',
  'WATCHDOG WATCHDOG_SHUTDOWN',
  'IO_ERROR IO_ERROR_REPORT',
  'IO_ERROR IO_ERROR_PAUSE',
  'QEMU_GUEST_AGENT_ERROR STOPPED_FAILED',
]
const IGNORED = [
  'LIFECYCLE CRASHED_CRASHLOADED',
  'LIFECYCLE STOPPED_SHUTDOWN',
  'LIFECYCLE STOPPED_DESTROYED',
  'LIFECYCLE SHUTDOWN_FINISHED',
  'LIFECYCLE SUSPENDED_API_ERROR',
  'REBOOT UNKNOWN',
  'WATCHDOG WATCHDOG_NONE',
  'WATCHDOG WATCHDOG_RESET',
  'WATCHDOG WATCHDOG_DEBUG',
  'IO_ERROR IO_ERROR_NONE',
  'IO_ERROR_REASON UNKNOWN',
  'CONTROL_ERROR UNKNOWN',
  'LIFECYCLE NEVER_HEARD_OF',
]

test('each event has a policy, and an ignored event has a reason', (t) => {
  for (const what of ACTED_ON) {
    const [event = '', domainEvent = ''] = what.split(' ')
    const payload = { event, vir_domain_event: domainEvent }
    t.like(eventPolicy({ payload }), { kind: 'act' }, what)
  }
  for (const what of IGNORED) {
    const [event = '', domainEvent = ''] = what.split(' ')
    const payload = { event, vir_domain_event: domainEvent, instance_uuid: I1 }
    const decision = decide(RULES, {
      snapshot: snapshotRow({ notification: fault({ payload }) }),
      recovering: new Map(),
      inFlight: new Set(),
      doubted: new Set<HostId>(),
      cut: { kind: 'separate' } as const,
      awaited: undefined,
      ledForMs: 0,
      inContactForMs: Infinity,
      hostSeenWell: false,
      nowWallMs: NOW,
    })
    t.like(decision, { kind: 'conclude', to: 'ignored' }, what)
    t.true('reason' in decision && decision.reason.startsWith(`${what} needs no recovery: `))
  }
})
