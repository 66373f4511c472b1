/** The heartbeat of a host: one each second, numbered, with how the host is. */
import {
  hostHeartbeat,
  NOT_BEATEN,
  type HostHeartbeatEffect,
  type HostHeartbeatMessage,
  type HostHeartbeatState,
} from '../../../actors/instance-watcher/host-heartbeat.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { HostHealth } from '../../../actors/ports/host-health.ts'
import { testSteps, timer } from '../step-table.ts'

const health: HostHealth = {
  boot: 'b1',
  libvirt: 'answers',
  libvirtAgeMs: 10,
  compute: 'runs',
  computeAgeMs: 0,
}

testSteps<
  HostHeartbeatState,
  HostHeartbeatMessage,
  HostHeartbeatEffect | KernelEffect<HostHeartbeatMessage>
>(hostHeartbeat, [
  {
    title: 'the host is looked at before a heartbeat is said',
    state: NOT_BEATEN,
    message: { type: 'heartbeat.due' },
    effects: [{ type: 'health.look' }],
  },
  {
    title: 'a heartbeat says how the host is, and the next one follows in a second',
    state: NOT_BEATEN,
    message: { type: 'heartbeat.looked', health },
    effects: [
      { type: 'heartbeat.say', health },
      timer<HostHeartbeatMessage>('heartbeat', 1000, { type: 'heartbeat.due' }),
    ],
  },
])
