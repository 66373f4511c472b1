/**
 * The `openstack` command line with masakariclient's plugin, against a gateway that checks tokens.
 */
import test from 'ava'
import { nodeName, notificationId } from '../../schema/ids.ts'
import { at, textAt } from '../support/gateway.ts'
import { startClientWorld } from './client-world.ts'
import { startPythonClients } from './python-clients.ts'

const FAULT = JSON.stringify({ event: 'STOPPED', host_status: 'NORMAL', cluster_status: 'OFFLINE' })

test('every command of segments, hosts and notifications works', async (t) => {
  await using world = await startClientWorld()
  await using clients = startPythonClients(world.env)
  const { cli, cliJson } = clients
  const [first = '', second = ''] = world.hosts

  const created = await cliJson(
    'segment',
    'create',
    'rack-1',
    'auto',
    'COMPUTE',
    '--description',
    'two words',
  )
  t.like(created, { name: 'rack-1', recovery_method: 'auto', description: 'two words' })
  const segment = textAt(created, 'uuid')
  t.is(textAt(await cliJson('segment', 'show', 'rack-1'), 'uuid'), segment)
  await cliJson('segment', 'create', 'rack-2', 'reserved_host', 'COMPUTE', '--is_enabled', 'False')
  const listed = await cliJson('segment', 'list', '--sort', 'name:asc')
  t.deepEqual([textAt(listed, 0, 'name'), textAt(listed, 1, 'name')], ['rack-1', 'rack-2'])
  t.is(at(listed, 1, 'is_enabled'), false)
  const filtered = await cliJson('segment', 'list', '--filters', 'recovery_method=reserved_host')
  t.is(textAt(filtered, 0, 'name'), 'rack-2')
  t.is(at(filtered, 1), undefined)
  const paged = await cliJson('segment', 'list', '--limit', '1', '--sort', 'name:asc')
  t.deepEqual([textAt(paged, 0, 'name'), textAt(paged, 1, 'name')], ['rack-1', 'rack-2'])
  const after = await cliJson(
    'segment',
    'list',
    '--sort',
    'name:asc',
    '--marker',
    textAt(created, 'id'),
  )
  t.is(textAt(after, 0, 'name'), 'rack-2')
  const renamed = await cliJson('segment', 'update', 'rack-2', '--name', 'rack-3')
  t.is(textAt(renamed, 'name'), 'rack-3')
  const enabled = await cliJson('segment', 'update', 'rack-3', '--is_enabled', 'True')
  t.is(at(enabled, 'is_enabled'), true)

  const host = await cliJson(
    'segment',
    'host',
    'create',
    first,
    'COMPUTE',
    'SSH',
    segment,
    '--reserved',
    'True',
  )
  t.like(host, { name: first, type: 'COMPUTE', control_attributes: 'SSH', reserved: true })
  await cliJson('segment', 'host', 'create', second, 'COMPUTE', 'SSH', segment)
  const hosts = await cliJson('segment', 'host', 'list', segment, '--sort', 'name:asc')
  t.deepEqual([textAt(hosts, 0, 'name'), textAt(hosts, 1, 'name')], [first, second].toSorted())
  const reserved = await cliJson('segment', 'host', 'list', segment, '--filters', 'reserved=True')
  t.is(textAt(reserved, 0, 'name'), first)
  t.is(at(reserved, 1), undefined)
  const held = await cliJson(
    'segment',
    'host',
    'update',
    segment,
    second,
    '--on_maintenance',
    'True',
  )
  t.is(at(held, 'on_maintenance'), true)
  t.is(textAt(await cliJson('segment', 'host', 'show', segment, second), 'name'), second)

  const when = '2026-11-22T07:24:52.000'
  const reported = await cliJson('notification', 'create', 'COMPUTE_HOST', first, when, FAULT)
  t.like(reported, { type: 'COMPUTE_HOST', status: 'new' })
  const id = textAt(reported, 'notification_uuid')
  t.is(textAt(await cliJson('notification', 'list'), 0, 'notification_uuid'), id)
  t.is(textAt(await cliJson('notification', 'show', id), 'notification_uuid'), id)

  const again = await cli('notification', 'create', 'COMPUTE_HOST', first, when, FAULT)
  t.is(again.code, 1)
  t.regex(again.err, /409.*Duplicate notification received for type: COMPUTE_HOST/s)
  const frozen = await cli('segment', 'update', segment, '--name', 'other')
  t.regex(frozen.err, /409/)
  t.regex((await cli('segment', 'host', 'delete', segment, second)).err, /409/)
  const epoch = await world.store.claimEpoch(nodeName('engine-1'))
  const notification = notificationId(id)
  const ended = { notification, from: ['new'], to: 'finished', reason: 'test' } as const
  await world.store.recordTransition(epoch, ended)
  t.is((await cli('segment', 'host', 'delete', segment, second)).code, 0)
  t.regex((await cli('segment', 'delete', 'rack-3')).out, /Segment deleted: rack-3/)
  t.regex((await cli('segment', 'delete', 'rack-3')).out, /No Segment found|could not be found|404/)
})

test('names that are taken or unknown are reported in the words of the original', async (t) => {
  await using world = await startClientWorld()
  await using clients = startPythonClients(world.env)
  const { cli, cliJson } = clients
  const segment = textAt(await cliJson('segment', 'create', 'a', 'auto', 'COMPUTE'), 'uuid')
  for (const [args, text] of [
    [
      ['segment', 'create', 'a', 'auto', 'COMPUTE'],
      /Failover segment with name a already exists\./,
    ],
    [
      ['segment', 'host', 'create', 'nowhere', 'COMPUTE', 'SSH', segment],
      /Compute service with name nowhere could not be found\./,
    ],
    [['segment', 'show', 'missing'], /No failover segment with id missing\.|missing/],
  ] as const) {
    const { code, err } = await cli(...args)
    t.is(code, 1)
    t.regex(err, text)
  }
})
