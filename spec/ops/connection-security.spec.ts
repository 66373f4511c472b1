/**
 * Encryption options in files are obeyed, or the start is refused by name. They are never ignored.
 */
import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import test from 'ava'
import { linkTo } from '../../ops/roles/broker-link.ts'
import type { Config } from '../../schema/config.ts'
import { Secret } from '../../schema/control-attributes.ts'
import { startComputeBridge } from '../../transports/amqp/compute-bridge.ts'
import { declarationOf } from '../../transports/amqp/declaration.ts'
import { connectNats } from '../../transports/nats/connect.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { makeAuthority } from '../support/certificates.ts'
import { LEAST_CONFIG, problemsOfText, readText } from '../support/config-text.ts'
import { silentLog } from '../support/logs.ts'
import { temporaryDirectory } from '../support/process.ts'
import { PLAIN_QUEUES } from '../support/queues.ts'

const read = (text: string): Config => readText(LEAST_CONFIG + text).config
const refusal = (text: string): string => problemsOfText(LEAST_CONFIG + text).join('\n')

const CA = import.meta.filename // a file that can be read

const database = (connection: string): Config['store']['location'] =>
  read(`[database]\nconnection = ${connection}`).store.location

for (const [query, tls] of [
  ['', undefined],
  ['?charset=utf8', undefined],
  ['?ssl_disabled=true', undefined],
  [`?ssl_ca=${CA}`, { caFile: CA, check: 'identity' }],
  [`?charset=utf8&ssl_verify_cert=true&ssl_ca=${CA}`, { caFile: CA, check: 'chain' }],
  [`?ssl_ca=${CA}&ssl_check_hostname=false`, { caFile: CA, check: 'chain' }],
  ['?ssl_verify_cert=true&ssl_verify_identity=true', { caFile: undefined, check: 'identity' }],
  ['?ssl=true', { caFile: undefined, check: 'identity' }],
  ['?ssl_mode=VERIFY_CA', { check: 'chain' }],
  ['?ssl_verify_cert=false', { check: 'nothing' }],
] as const) {
  test(`a database with ${JSON.stringify(query.replace(CA, 'FILE'))} is encrypted accordingly`, (t) => {
    const location = database(`mysql+pymysql://ha:p@db/ha${query}`)
    if (location.kind !== 'mysql') return t.fail('no MySQL')
    if (tls === undefined) t.is(location.tls, undefined)
    else t.like(location.tls, tls)
  })
}

for (const [query, named] of [
  ['?ssl_capath=/etc/ssl', /ssl_capath/],
  ['?ssl_ca=/nowhere/ca.pem', /ssl_ca = \/nowhere\/ca.pem cannot be read/],
  ['?ssl_mode=PREFERRED', /ssl_mode must be one of/],
  [`?ssl_cert=${CA}`, /certificate and its key/],
  [`?ssl_disabled=true&ssl_ca=${CA}`, /switched off, but ssl_ca/],
  ['?tls_version=TLSv1', /tls_version/],
  ['?ssl_verify_cert=perhaps', /ssl_verify_cert must be true or false/],
] as const) {
  test(`a database with ${query.replace(CA, 'FILE')} is refused by name`, (t) => {
    const text = refusal(`[database]\nconnection = mysql+pymysql://ha:hush@db/ha${query}`)
    t.regex(text, named)
    t.false(text.includes('hush'))
  })
}

for (const [written, meant] of [
  ['pa%ss', 'pa%ss'],
  ['pa#ss', 'pa#ss'],
  ['pa/ss', 'pa/ss'],
  ['pa?ss', 'pa?ss'],
  ['pa@ss', 'pa@ss'],
  ['pa:ss', 'pa:ss'],
  ['p%40s%2Fs', 'p@s/s'],
  ['%C3%A4+%', 'ä+%'],
] as const) {
  test(`the password ${written} in a URL is ${meant}, for a database and a broker`, (t) => {
    const location = database(`mysql+pymysql://masakari:${written}@192.0.2.2/masakari?charset=utf8`)
    if (location.kind !== 'mysql') return t.fail('no MySQL')
    t.like(location, { host: '192.0.2.2', user: 'masakari', database: 'masakari' })
    t.is(location.password.reveal(), meant)
    const { brokers } = read(`transport_url = rabbit://u:${written}@h1:5672,u:p@h2//`).bridge
    const [first = new Secret('')] = brokers?.urls ?? []
    t.is(decodeURIComponent(new URL(first.reveal()).password), meant)
    t.is(brokers?.urls.length, 2)
  })
}

const publish = (): void => undefined

/** The first bytes that a client sends. */
async function firstBytes(connect: (port: number) => AsyncDisposable): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connected = once(server, 'connection')
  const client = connect(port)
  const [socket] = await connected
  socket.on('error', () => socket.destroy())
  const [bytes] = await once(socket, 'data')
  socket.destroy()
  await client[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  return bytes
}

const TLS_HANDSHAKE = 0x16
const around = { clock: new SystemClock(), random: new SystemRandom(), log: silentLog }

for (const [title, url, section] of [
  [
    'ssl=1 in the URL',
    (port: number) =>
      `rabbit://u:hush@127.0.0.1:${port}/v?ssl=1&ssl_version=TLSv1_2&ssl_ca_file=FILE`,
    '',
  ],
  [
    'ssl in the section',
    (port: number) => `rabbit://u:hush@127.0.0.1:${port}//`,
    'ssl = true\nssl_ca_file = FILE',
  ],
  ['amqps', (port: number) => `amqps://u:hush@127.0.0.1:${port}//`, ''],
] as const) {
  test(`a broker with ${title} first receives a TLS hello`, async (t) => {
    await using directory = await temporaryDirectory('amqp-tls')
    const { ca } = makeAuthority(directory.path)
    const bytes = await firstBytes((port) => {
      const text = `transport_url = ${url(port)}\n[oslo_messaging_rabbit]\n${section}`
      const { bridge, rabbit } = read(text.replaceAll('FILE', ca))
      if (bridge.brokers === undefined) throw new Error('no broker')
      const names = { exchange: 'nova', queue: 'q', topics: ['notifications'] }
      const declaration = declarationOf(PLAIN_QUEUES)
      const link = linkTo(bridge.brokers, rabbit)
      return startComputeBridge({
        ...around,
        ...link,
        ...names,
        declaration,
        publish,
        submit: undefined,
      })
    })
    t.is(bytes[0], TLS_HANDSHAKE)
    t.false(bytes.includes('hush'))
  })
}

for (const [text, named] of [
  ['transport_url = rabbit://u:p@h//?ssl=1&ssl_version=TLSv1', /ssl_version must be/],
  [
    'transport_url = rabbit://u:p@h//?ssl=1&ssl_ca_file=/nowhere.pem',
    /ssl_ca_file = \/nowhere.pem/,
  ],
  ['[oslo_messaging_rabbit]\nssl_enforce_fips_mode = true', /ssl_enforce_fips_mode/],
  ['[keystone_authtoken]\ncertfile = /etc/ssl/x.pem', /certfile/],
  ['use_ssl = true', /use_ssl = true needs a certificate/],
  [
    `use_ssl = false\n[wsgi]\nssl_cert_file = ${CA}\nssl_key_file = ${CA}`,
    /use_ssl = false, but a certificate/,
  ],
  ['[bus]\nservers = tls://h:4222\ncert_file = FILE', /cert_file and key_file/],
  ['[bus]\nca_file = FILE', /name the servers/],
  ['[bus]\nservers = nats://h:4222\ncredentials_file = FILE\ntoken = x', /give only one of these/],
] as const) {
  test(`${text.replaceAll('\n', ' ').replaceAll(CA, 'FILE')} is refused by name`, (t) => {
    t.regex(refusal(text.replaceAll('FILE', CA)), named)
  })
}

test("Masakari's options for the API's certificate are obeyed, and so is the authority of its callers", (t) => {
  const files = `ssl_cert_file = ${CA}\nssl_key_file = ${CA}`
  t.like(read(`use_ssl = true\n[wsgi]\n${files}\nssl_ca_file = ${CA}`).serving, {
    useTls: true,
    tlsCertFile: CA,
    tlsKeyFile: CA,
    tlsClientCaFile: CA,
  })
  t.is(read(`use_ssl = true\n${files}`).serving.tlsCertFile, CA)
})

test('the version and the ciphers of the API are those of [ssl]', (t) => {
  t.like(read('[ssl]\nversion = TLSv1_3\nciphers = HIGH:!aNULL').serving, {
    tlsVersion: 'TLSv1_3',
    tlsCiphers: 'HIGH:!aNULL',
  })
  t.is(read('').serving.tlsVersion, 'SSLv23')
  t.regex(refusal('[ssl]\nversion = TLSv1'), /must be one of TLSv1_2, TLSv1_3, SSLv23/)
})

test('with TLS first, NATS receives a TLS hello before it sends anything', async (t) => {
  const bytes = await firstBytes((port) =>
    connectNats({
      ...around,
      servers: [`tls://127.0.0.1:${port}`],
      cloud: 'x',
      leaseTtlMs: 6000,
      node: 'node-1',
      keepsStreams: true,
      credentials: { tls: { ca: undefined, cert: undefined, key: undefined, first: true } },
    }),
  )
  t.is(bytes[0], TLS_HANDSHAKE)
})

test('certificates that cannot be used stop the start', async (t) => {
  await using directory = await temporaryDirectory('bad-tls')
  const path = join(directory.path, 'ca.pem')
  await writeFile(path, 'no certificate')
  const { bridge, rabbit } = read(`transport_url = rabbit://u:p@h//?ssl=1&ssl_ca_file=${path}`)
  const { brokers } = bridge
  if (brokers === undefined) return t.fail('no broker')
  t.throws(() => linkTo(brokers, rabbit), { code: 'CONFIG_INVALID', message: /RabbitMQ/ })
})
