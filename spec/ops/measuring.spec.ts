/** What the metrics make of announcements, of changes of states, and of calls through ports. */
import test from 'ava'
import { Detections } from '../../ops/metrics/detections.ts'
import { HostMetrics } from '../../ops/metrics/host-metrics.ts'
import { measuredBusWorld, measuredWorld } from '../../ops/metrics/measured-ports.ts'
import { Metrics } from '../../ops/metrics/metrics.ts'
import { RecoveryMetrics } from '../../ops/metrics/recovery-metrics.ts'
import { countReconnects } from '../../ops/metrics/sampled.ts'
import { UnfinishedMetrics } from '../../ops/metrics/unfinished-metrics.ts'
import type { UnfinishedRecovery } from '../../actors/ports/store.ts'
import type { World } from '../../ops/ports.ts'
import { CodedError } from '../../schema/errors.ts'
import { encode } from '../../schema/messages/codec.ts'
import type { WireBody } from '../../schema/messages/catalogue.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import { MemoryBroker } from '../../transports/memory/broker.ts'
import { MemoryFaultSpool } from '../../transports/memory/fault-spool.ts'
import { silentLog } from '../support/logs.ts'

const HOST = '11111111-1111-4111-8111-111111111111'
const NOTIFICATION = '22222222-2222-4222-8222-222222222222'
const RECOVERY = `lease-holder/engine/leader/7/segment/s/recovery/${NOTIFICATION}`
const FENCE = `${RECOVERY}/fence/${NOTIFICATION}`

function open() {
  const clock = new VirtualClock()
  const metrics = new Metrics()
  const lines = async (name: string): Promise<readonly string[]> =>
    (await metrics.expose()).text
      .split('\n')
      .filter((line) => line.startsWith(name) && !line.includes('_bucket'))
      .map((line) => line.slice(name.length))
  return { clock, metrics, lines, pass: (ms: number) => clock.pass(ms, async () => undefined) }
}

const observed = (state: WireBody<'host.observed'>['state'], hostName = 'compute-1') => ({
  host: HOST,
  hostName,
  segment: HOST,
  observer: 'm',
  state,
  sequence: 1,
  evidence: [],
})

test('the time to a verdict counts from the suspicion, and from the last life', async (t) => {
  const { clock, metrics, lines, pass } = open()
  const hosts = new HostMetrics(clock, metrics)
  hosts.announced('host.observed', observed('alive'))
  await pass(2000)
  hosts.announced('host.observed', observed('suspect'))
  await pass(1000)
  hosts.announced('host.observed', observed('suspect'))
  await pass(3000)
  hosts.announced('host.observed', observed('dead'))
  hosts.announced('host.observed', observed('dead'))
  t.deepEqual(await lines('instance_ha_host_suspicion_seconds'), ['_sum 4', '_count 1'])
  t.deepEqual(await lines('instance_ha_host_silence_seconds'), ['_sum 6', '_count 1'])
  t.deepEqual(await lines('instance_ha_hosts_watched'), ['{state="dead"} 1'])
  await pass(61_000)
  t.deepEqual(await lines('instance_ha_hosts_watched'), [], 'nobody speaks of it any more')
})

test('the quorum counts from the first word, and a life in between ends it', async (t) => {
  const { clock, metrics, lines, pass } = open()
  const detections = new Detections(clock, metrics)
  detections.heard(observed('dead'))
  await pass(5000)
  detections.heard(observed('alive'))
  detections.heard(observed('dead'))
  await pass(2000)
  detections.heard(observed('dead'))
  detections.stored('compute-1')
  detections.stored('compute-1')
  t.deepEqual(await lines('instance_ha_quorum_seconds'), ['_sum 2', '_count 1'])
  t.is(detections.take('compute-1')?.storedAt, clock.wallMs())
  t.is(detections.take('compute-1'), undefined, 'a later recovery has another detection')
})

test('a recovery, its fence and its moves are timed by their results', async (t) => {
  const { clock, metrics, lines, pass } = open()
  const recoveries = new RecoveryMetrics(clock, metrics)
  const step = (kind: WireBody<'recovery.stepped'>['step'], reason = ''): void =>
    recoveries.announced('recovery.stepped', {
      notification: NOTIFICATION,
      host: 'c',
      step: kind,
      reason,
      evidence: [],
    })
  const move = (status: string): void =>
    recoveries.announced('move.stepped', {
      notification: NOTIFICATION,
      instance: HOST,
      instanceName: 'vm',
      status,
      dest: null,
      reason: '',
      done: 0,
      total: 1,
    })
  recoveries.turned(RECOVERY, 'admitting', 'fencing')
  recoveries.turned(FENCE, 'idle', 'climbing')
  await pass(3000)
  step('fence', 'command/cut-storage could not confirm it (x); next is ipmi')
  await pass(2000)
  step('fenced', 'already-off')
  recoveries.turned(FENCE, 'certifying', 'fenced')
  recoveries.turned(RECOVERY, 'fencing', 'evacuating')
  move('ongoing')
  await pass(4000)
  move('ongoing')
  await pass(1000)
  move('succeeded')
  step('finished')
  step('finished')
  const sums = async (name: string) => (await lines(name)).filter((line) => !line.endsWith(' 0'))
  t.deepEqual(await sums('instance_ha_recovery_seconds'), [
    '_sum{type="host",result="finished"} 10',
    '_count{type="host",result="finished"} 1',
  ])
  t.deepEqual(await sums('instance_ha_fence_seconds'), [
    '_sum{result="fenced"} 5',
    '_count{result="fenced"} 1',
  ])
  t.deepEqual(await lines('instance_ha_fence_rung_seconds'), [
    '_sum{rung="command",result="failed"} 3',
    '_count{rung="command",result="failed"} 1',
    '_sum{rung="already-off",result="confirmed"} 2',
    '_count{rung="already-off",result="confirmed"} 1',
  ])
  t.deepEqual(await sums('instance_ha_move_seconds'), [
    '_sum{result="succeeded"} 5',
    '_count{result="succeeded"} 1',
  ])
  t.deepEqual(await lines('instance_ha_move_attempts_total'), [' 2'])
})

test('a first failure is an increase: its series is there before', async (t) => {
  const { clock, metrics, lines } = open()
  t.truthy(new RecoveryMetrics(clock, metrics))
  t.true(
    (await lines('instance_ha_recovery_seconds')).includes('_count{type="host",result="failed"} 0'),
  )
  t.true((await lines('instance_ha_fence_seconds')).includes('_count{result="unfenced"} 0'))
})

test('terms of leadership are counted by how they begin and end', async (t) => {
  const { clock, metrics, lines } = open()
  const recoveries = new RecoveryMetrics(clock, metrics)
  const holder = 'lease-holder/engine'
  recoveries.turned(holder, 'candidate', 'claiming-epoch')
  recoveries.turned(holder, 'claiming-epoch', 'leader')
  recoveries.turned(holder, 'leader', 'candidate')
  recoveries.turned(holder, 'candidate', 'resigned')
  t.deepEqual(await lines('instance_ha_leadership_changes_total'), [
    '{change="won"} 1',
    '{change="lost"} 1',
  ])
})

test('a call is measured by its outcome, and its answer and error are passed on', async (t) => {
  const { clock, metrics, lines, pass } = open()
  const away = new CodedError('POWER_UNREACHABLE', 'silent')
  const answers = Promise.withResolvers<'on'>()
  const given = {
    power: { read: () => answers.promise, off: async () => Promise.reject(away), sessions: {} },
    shell: { probe: async () => ({ outcome: 'silent', detail: '' }) },
    store: {},
    compute: {},
    placement: {},
    lease: {},
    fenceAgent: {},
    bus: new MemoryBroker({ clock, log: silentLog, leaseTtlMs: 6000 }).bus('a'),
    spool: new MemoryFaultSpool(),
  }
  const detections = new Detections(clock, metrics)
  const world = measuredWorld(given as unknown as World, { clock, metrics, detections })
  const bmc = { kind: 'ipmi' } as never
  const reading = world.power.read(bmc)
  await pass(250)
  answers.resolve('on')
  t.is(await reading, 'on')
  t.is(await t.throwsAsync(world.power.off(bmc)), away)
  t.deepEqual(await world.shell.probe({} as never, 1), { outcome: 'silent', detail: '' })
  t.deepEqual(await lines('instance_ha_power_request_seconds'), [
    '_sum{channel="ipmi",operation="read",result="ok"} 0.25',
    '_count{channel="ipmi",operation="read",result="ok"} 1',
    '_sum{channel="ipmi",operation="off",result="power_unreachable"} 0',
    '_count{channel="ipmi",operation="off",result="power_unreachable"} 1',
  ])
  t.true((await lines('instance_ha_ssh_probe_seconds')).includes('_count{result="silent"} 1'))
})

test('faults on the bus and in the spool are counted, and garbage is left to its reader', async (t) => {
  const { clock, metrics, lines, pass } = open()
  const broker = new MemoryBroker({ clock, log: silentLog, leaseTtlMs: 6000 })
  const detections = new Detections(clock, metrics)
  const given = { bus: broker.bus('a'), spool: new MemoryFaultSpool() }
  const { bus, spool } = measuredBusWorld(given as unknown as World, { clock, metrics, detections })
  const received: string[] = []
  await using consumer = bus.consumeFaults('engine', (delivery) => {
    received.push(delivery.subject)
    void pass(0).then(() => delivery.ack())
  })
  t.truthy(consumer)
  const from = {
    cloud: 'c',
    node: 'n',
    incarnation: 'i',
    sequence: 1,
    id: 'f',
    epoch: null,
    sentAt: Math.round(clock.wallMs()),
  }
  const { subject, body } = encode(
    'notification.accepted',
    { notification: NOTIFICATION, segment: HOST },
    from,
  )
  await bus.publishFault(subject, body, 'f')
  await bus.publishFault('ha.c.fault.notification.x', new TextEncoder().encode('garbage'), 'g')
  await pass(100)
  t.is(received.length, 2)
  await pass(0)
  t.deepEqual(await lines('instance_ha_fault_deliveries_total'), ['{result="ack"} 2'])
  t.true((await lines('instance_ha_fault_lag_seconds')).includes('_count 1'))
  const fault = { id: 'one' } as never
  await spool.keep(fault)
  t.deepEqual(await lines('instance_ha_spool_depth'), [' 1'])
  await spool.forget('one')
  t.deepEqual(await lines('instance_ha_spool_depth'), [' 0'])
})

const row = (uuid: string, status: string): UnfinishedRecovery =>
  ({ notification: { uuid, status, type: 'VM' } }) as unknown as UnfinishedRecovery

test('unfinished notifications are counted when all their pages are read, and forgotten with the leadership', async (t) => {
  const { clock, metrics, lines, pass } = open()
  const unfinished = new UnfinishedMetrics(clock, metrics)
  unfinished.read({ afterId: 0, max: 2 }, [row('a', 'new'), row('b', 'running')])
  t.deepEqual(await lines('instance_ha_notifications_unfinished'), [])
  unfinished.read({ afterId: 2, max: 2 }, [row('c', 'new')])
  t.deepEqual(await lines('instance_ha_notifications_unfinished'), [
    '{status="new"} 2',
    '{status="running"} 1',
  ])
  await pass(31_000)
  t.deepEqual(await lines('instance_ha_notifications_unfinished'), [])
})

test('a bus that comes back is counted, and its first connection is not', async (t) => {
  const { clock, metrics, lines, pass } = open()
  let isConnected = false
  using counting = countReconnects(metrics, { connected: () => isConnected } as never, clock)
  t.truthy(counting)
  await pass(1000)
  isConnected = true
  await pass(1000)
  t.deepEqual(await lines('instance_ha_bus_reconnects_total'), [' 0'])
  isConnected = false
  await pass(1000)
  isConnected = true
  await pass(3000)
  t.deepEqual(await lines('instance_ha_bus_reconnects_total'), [' 1'])
})
