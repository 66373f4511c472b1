/** `recovery_workflow_details`, with which clients of microversion 1.1 follow a recovery. */
import test from 'ava'
import { nodeName, notificationId } from '../../schema/ids.ts'
import type { JournalEntry } from '../../schema/records.ts'
import { aHost, aSegment, at, hostFailure, startGateway, textAt } from '../support/gateway.ts'

test('the progress of a recovery is read from its journal', async (t) => {
  await using world = await startGateway()
  await aHost(world, await aSegment(world))
  const report = { method: 'POST', url: '/v1/notifications', body: hostFailure() } as const
  const { json } = await world.call(report)
  const notification = notificationId(textAt(json, 'notification', 'notification_uuid'))
  const { store } = world
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  const write = (kind: JournalEntry['kind'], step: string, subject: string): Promise<void> =>
    store.appendJournal(epoch, { notification, kind, step, subject, detail: `${kind} ${step}` })
  const transition = (from: 'new' | 'running', to: 'running' | 'finished'): Promise<boolean> =>
    store.recordTransition(epoch, { notification, from: [from], to, reason: 'test' })
  const details = async (): Promise<unknown> => {
    const answer = await world.call({ url: `/v1/notifications/${notification}`, version: '1.3' })
    return at(answer.json, 'notification', 'recovery_workflow_details')
  }

  await transition('new', 'running')
  await write('intent', 'isolate', 'compute-1')
  const line = {
    timestamp: '2026-01-01 00:00:00.000000',
    message: 'intent isolate',
    progress: '0.0',
  }
  const disable = { name: 'DisableComputeServiceTask', state: 'RUNNING', progress: 0 }
  t.deepEqual(await details(), [{ ...disable, progress_details: [line] }])

  await write('outcome', 'isolate', 'compute-1')
  await write('decision', 'wait', 'compute-1')
  await write('outcome', 'plan', 'compute-1')
  await write('intent', 'evacuate', 'one')
  await write('intent', 'evacuate', 'two')
  await write('outcome', 'evacuate', 'one')
  const running = await details()
  t.like(running, {
    0: { name: 'DisableComputeServiceTask', state: 'SUCCESS', progress: 1 },
    1: { name: 'PrepareHAEnabledInstancesTask', state: 'SUCCESS', progress: 1 },
    2: { name: 'EvacuateInstancesTask', state: 'RUNNING', progress: 0.5 },
  })
  t.is(textAt(running, 2, 'progress_details', 2, 'progress'), '0.5')

  await transition('running', 'finished')
  t.like(await details(), { 2: { state: 'SUCCESS', progress: 1 } })
})

test('the last task of a cancelled recovery is not shown as a success', async (t) => {
  await using world = await startGateway()
  await aHost(world, await aSegment(world))
  const report = { method: 'POST', url: '/v1/notifications', body: hostFailure() } as const
  const { json } = await world.call(report)
  const notification = notificationId(textAt(json, 'notification', 'notification_uuid'))
  const { store } = world
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  const write = (kind: 'intent' | 'outcome', step: string, subject: string): Promise<void> =>
    store.appendJournal(epoch, { notification, kind, step, subject, detail: `${kind} ${subject}` })
  const become = (from: 'new' | 'running', to: 'running' | 'ignored'): Promise<boolean> =>
    store.recordTransition(epoch, { notification, from: [from], to, reason: 'test' })
  await become('new', 'running')
  await write('outcome', 'isolate', 'compute-1')
  await write('intent', 'evacuate', 'one')
  await write('outcome', 'evacuate', 'one')
  await store.giveCommand({ notification, kind: 'cancel', operator: 'alice', reason: 'a mistake' })
  await become('running', 'ignored')
  const answer = await world.call({ url: `/v1/notifications/${notification}`, version: '1.1' })
  t.like(at(answer.json, 'notification', 'recovery_workflow_details'), {
    0: { name: 'DisableComputeServiceTask', state: 'SUCCESS', progress: 1 },
    1: { name: 'EvacuateInstancesTask', state: 'FAILURE', progress: 0.9 },
  })
})

test('attempts of a recovery are shown one after the other, and never mixed', async (t) => {
  await using world = await startGateway()
  await aHost(world, await aSegment(world))
  const report = { method: 'POST', url: '/v1/notifications', body: hostFailure() } as const
  const { json } = await world.call(report)
  const notification = notificationId(textAt(json, 'notification', 'notification_uuid'))
  const { store } = world
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  const write = (kind: 'intent' | 'outcome', step: string, subject: string): Promise<void> =>
    store.appendJournal(epoch, { notification, kind, step, subject, detail: `${kind} ${subject}` })
  const become = (to: 'running' | 'error' | 'failed' | 'finished'): Promise<boolean> =>
    store.recordTransition(epoch, {
      notification,
      from: ['new', 'running', 'error'],
      to,
      reason: 'test',
    })
  const details = async (): Promise<string[]> => {
    const answer = await world.call({ url: `/v1/notifications/${notification}`, version: '1.1' })
    const tasks: readonly unknown[] = Object(
      at(answer.json, 'notification', 'recovery_workflow_details'),
    )
    return tasks.map((task) =>
      ['name', 'state', 'progress'].map((field) => textAt(task, field)).join(' '),
    )
  }

  await become('running')
  await write('outcome', 'isolate', 'compute-1')
  await write('intent', 'evacuate', 'one')
  const first = ['DisableComputeServiceTask SUCCESS 1', 'EvacuateInstancesTask FAILURE 0']
  await become('error')
  t.deepEqual(await details(), first)
  await become('running')
  t.deepEqual(await details(), first)
  await write('intent', 'isolate', 'compute-1')
  t.deepEqual(await details(), [...first, 'DisableComputeServiceTask RUNNING 0'])
  await become('failed')
  const second = [...first, 'DisableComputeServiceTask FAILURE 0']
  t.deepEqual(await details(), second)
  await store.giveCommand({ notification, kind: 'retry', operator: 'alice', reason: 'repaired' })
  t.deepEqual(await details(), second)
  await become('running')
  await write('outcome', 'evacuate', 'one')
  await become('finished')
  t.deepEqual(await details(), [...second, 'EvacuateInstancesTask SUCCESS 1'])
})

test('the progress of a dead nova-compute is read in the same way', async (t) => {
  await using world = await startGateway()
  await aHost(world, await aSegment(world))
  const payload = { event: 'STOPPED', process_name: 'nova-compute' }
  const { notification: host } = hostFailure()
  const body = { notification: { ...host, type: 'PROCESS', payload } }
  const { json } = await world.call({ method: 'POST', url: '/v1/notifications', body })
  const notification = notificationId(textAt(json, 'notification', 'notification_uuid'))
  const { store } = world
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  const line = { notification, step: 'disable-service', subject: 'compute-1', detail: 'dead' }
  await store.appendJournal(epoch, { ...line, kind: 'intent' })
  await store.appendJournal(epoch, { ...line, kind: 'outcome' })
  const answer = await world.call({ url: `/v1/notifications/${notification}`, version: '1.3' })
  t.like(at(answer.json, 'notification', 'recovery_workflow_details'), {
    0: { name: 'DisableComputeNodeTask', progress: 1 },
    1: { name: 'ConfirmComputeNodeDisabledTask', progress: 0.9 },
  })
})
