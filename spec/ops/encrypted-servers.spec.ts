/**
 * NATS and RabbitMQ with TLS and client certificates only, reached as a configuration file says.
 */
import test from 'ava'
import { describeProblems, readConfig } from '../../ops/load-config.ts'
import { natsCredentials } from '../../ops/nats-credentials.ts'
import { linkTo } from '../../ops/roles/broker-link.ts'
import type { Config } from '../../schema/config.ts'
import { declarationOf } from '../../transports/amqp/declaration.ts'
import { startReportSender } from '../../transports/amqp/report-sender.ts'
import { connectNats } from '../../transports/nats/connect.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { makeAuthority } from '../support/certificates.ts'
import { recordingLog, silentLog } from '../support/logs.ts'
import { startNats } from '../support/nats.ts'
import { temporaryDirectory } from '../support/process.ts'
import { PLAIN_QUEUES } from '../support/queues.ts'
import { startRabbitmq } from '../support/rabbitmq.ts'
import { until } from '../support/until.ts'

const SENDER = {
  topic: 'versioned_notifications',
  declaration: declarationOf(PLAIN_QUEUES),
  forms: ['wrapped'],
  node: 'controller-1',
} as const

const around = { clock: new SystemClock(), random: new SystemRandom() }

function read(text: string): Config {
  const loaded = readConfig(`[DEFAULT]\n${text}`, 'embedded')
  if (loaded.kind === 'invalid') throw new Error(describeProblems(loaded.problems))
  return loaded.config
}

test('a NATS server that verifies its clients accepts a client with a certificate, and no other', async (t) => {
  await using directory = await temporaryDirectory('nats-tls')
  const ours = makeAuthority(directory.path)
  const others = makeAuthority(directory.path, 'other')
  const server = await ours.issue('server', 'IP:127.0.0.1')
  const client = await ours.issue('client', 'DNS:client')
  await using nats = await startNats({ tls: { ca: ours.ca, ...server } })
  const open = (options: string, log = silentLog) => {
    const url = nats.url.replace('nats:', 'tls:')
    const { bus } = read(`[bus]\nservers = ${url}\n${options}`)
    const credentials = natsCredentials(bus)
    return connectNats({
      ...around,
      log,
      servers: [url],
      cloud: 'x',
      leaseTtlMs: 6000,
      node: 'node-1',
      keepsStreams: true,
      credentials,
    })
  }
  const certificate = `cert_file = ${client.cert}\nkey_file = ${client.key}`
  {
    await using right = open(`ca_file = ${ours.ca}\n${certificate}`)
    await until('connected with the certificate', () => right.bus.connected())
  }
  for (const wrong of [
    `ca_file = ${ours.ca}`,
    `ca_file = ${others.ca}\n${certificate}`,
    certificate,
  ]) {
    const log = recordingLog()
    await using refused = open(wrong, log)
    await until('a refusal', () => log.lines.length > 0)
    t.false(refused.bus.connected(), wrong)
  }
})

test('a NATS server with a certificate for another address is refused', async (t) => {
  await using directory = await temporaryDirectory('nats-other')
  const ours = makeAuthority(directory.path)
  const files = await ours.issue('server', 'IP:192.0.2.1,DNS:localhost')
  await using nats = await startNats({ tls: { ca: ours.ca, ...files } })
  const url = nats.url.replace('nats:', 'tls:')
  const { bus } = read(
    `[bus]\nservers = ${url}\nca_file = ${ours.ca}\ncert_file = ${files.cert}\nkey_file = ${files.key}`,
  )
  const log = recordingLog()
  const credentials = natsCredentials(bus)
  await using refused = connectNats({
    ...around,
    log,
    servers: [url],
    cloud: 'x',
    leaseTtlMs: 6000,
    node: 'node-1',
    keepsStreams: true,
    credentials,
  })
  await until('a refusal', () => log.lines.length > 0)
  t.false(refused.bus.connected())
  t.regex(JSON.stringify(log.lines), /altnames|named/)
})

test('a RabbitMQ with TLS only takes events from a client with a certificate, and from no other', async (t) => {
  await using directory = await temporaryDirectory('rabbit-tls')
  const ours = makeAuthority(directory.path)
  const others = makeAuthority(directory.path, 'other')
  const server = await ours.issue('server', 'IP:127.0.0.1')
  const client = await ours.issue('client', 'DNS:client')
  await using broker = await startRabbitmq((port) => [
    'listeners.tcp = none',
    `listeners.ssl.1 = 127.0.0.1:${port}`,
    `ssl_options.cacertfile = ${ours.ca}`,
    `ssl_options.certfile = ${server.cert}`,
    `ssl_options.keyfile = ${server.key}`,
    'ssl_options.verify = verify_peer',
    'ssl_options.fail_if_no_peer_cert = true',
  ])
  const sender = (query: string, section: string, log = silentLog) => {
    const url = `rabbit://guest:guest@127.0.0.1:${broker.tlsPort}//${query}`
    const { events, rabbit } = read(
      `[oslo_messaging_notifications]\ndriver = messagingv2\ntransport_url = ${url}\n` +
        `[oslo_messaging_rabbit]\n${section}`,
    )
    if (events.brokers === undefined) throw new Error('there is no broker')
    const link = linkTo(events.brokers, rabbit)
    return startReportSender({ ...around, ...SENDER, ...link, log })
  }
  const files = (ca: string) =>
    `ssl_ca_file = ${ca}\nssl_cert_file = ${client.cert}\nssl_key_file = ${client.key}`
  const query = `?ssl=1&ssl_ca_file=${ours.ca}&ssl_cert_file=${client.cert}&ssl_key_file=${client.key}`
  for (const [inUrl, section] of [
    ['', `ssl = true\n${files(ours.ca)}`],
    [query, ''],
  ] as const) {
    await using right = sender(inUrl, section)
    await until('linked with the certificate', () => right.connected(), 40_000)
  }
  for (const section of [
    `ssl = true\n${files(others.ca)}`,
    `ssl = true\nssl_ca_file = ${ours.ca}`,
    '',
  ]) {
    const log = recordingLog()
    await using refused = sender('', section, log)
    await until('a refusal', () => log.lines.length > 0, 40_000)
    t.false(refused.connected(), section)
  }
})
