/** The options of event notifications: off by default, and complete when they are on. */
import { readFile } from 'node:fs/promises'
import test from 'ava'
import { describeProblems, readConfig } from '../../ops/load-config.ts'
import type { Config } from '../../schema/config.ts'
import { declarationOf } from '../../transports/amqp/declaration.ts'
import { readText } from '../support/config-text.ts'

const ON = '[oslo_messaging_notifications]\ndriver = messagingv2\n'

function read(text: string): Config['events'] {
  const loaded = readConfig(text, 'embedded')
  if (loaded.kind === 'invalid') throw new Error(describeProblems(loaded.problems))
  return loaded.config.events
}

function refused(text: string): readonly string[] {
  const loaded = readConfig(text, 'embedded')
  return loaded.kind === 'invalid' ? describeProblems(loaded.problems).split('\n') : []
}

const ACCOUNT = `
[DEFAULT]
auth_strategy = noauth2
os_privileged_user_auth_url = http://controller:5000
os_privileged_user_name = ha
os_privileged_user_password = p
os_privileged_user_tenant = service
[api]
listen = 127.0.0.1
`

const notesOf = (text: string): readonly string[] => readText(ACCOUNT + text).notes

const nothingFor = (driver: string): string =>
  `[oslo_messaging_notifications] driver = ${driver}: nothing is sent for it`

const urls = (text: string) => read(text).brokers?.urls.map((url) => url.reveal())

test('they are off, whatever brokers the file names', (t) => {
  t.like(read('[DEFAULT]\ntransport_url = rabbit://u:p@h1/'), {
    drivers: ['noop'],
  })
})

test('their own brokers come before the general ones', (t) => {
  const general = '[DEFAULT]\ntransport_url = rabbit://u:p@h1/\n'
  t.deepEqual(urls(general + ON), ['amqp://u:p@h1/%2F'])
  t.deepEqual(urls(`${general}${ON}transport_url = rabbit://u:p@h2/`), ['amqp://u:p@h2/%2F'])
})

test('they need a broker', (t) => {
  t.deepEqual(refused(ON), [
    '[oslo_messaging_notifications] transport_url: is needed by driver = messagingv2',
  ])
})

for (const driver of ['log', 'routing', 'test']) {
  test(`the driver ${driver} needs no broker, and a remark says that nothing is sent`, (t) => {
    const text = `[oslo_messaging_notifications]\ndriver = ${driver}\n`
    t.deepEqual(read(text).drivers, [driver])
    t.true(notesOf(text).includes(nothingFor(driver)))
  })
}

test('two lines are two drivers', async (t) => {
  const text = await readFile('spec/fixtures/config/events-driver-log.conf', 'utf8')
  t.deepEqual(read(text).drivers, ['messagingv2', 'log'])
  t.deepEqual(
    notesOf(text).filter((note) => note.includes('driver =')),
    [nothingFor('log')],
  )
  t.deepEqual(refused(`${text}\n[oslo_messaging_notifications]\ndriver = kafka`).length, 1)
})

test('the options of a cloud with quorum queues are read', async (t) => {
  const text = await readFile('spec/fixtures/config/events-kolla.conf', 'utf8')
  const loaded = readConfig(text, 'embedded')
  if (loaded.kind === 'invalid') return t.fail(describeProblems(loaded.problems))
  t.deepEqual(declarationOf(loaded.config.queues), {
    durable: true,
    autoDelete: false,
    arguments: { 'x-queue-type': 'quorum' },
  })
})

test('queues are of one kind', (t) => {
  const both = '[oslo_messaging_rabbit]\nrabbit_quorum_queue = true\nrabbit_ha_queues = true'
  t.regex(
    refused(both).join(),
    /rabbit_ha_queues: a queue cannot be a quorum queue .* and mirrored at the same time/,
  )
})

test('a value that two options read is refused once', (t) => {
  t.is(refused('[DEFAULT]\ntransport_url = kombu://ha:hunter2@mq/').length, 1)
})
