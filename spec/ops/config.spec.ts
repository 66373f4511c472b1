/** The configuration: what is read from a file, what is refused, and what causes a remark. */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { renderSample } from '../../ops/config/render-sample.ts'
import { describeProblems, loadConfig, readConfig } from '../../ops/load-config.ts'
import { Secret } from '../../schema/control-attributes.ts'
import { LEAST_CONFIG, problemsOfText, readText } from '../support/config-text.ts'
import { temporaryDirectory } from '../support/process.ts'

const read = (text: string) => readText(LEAST_CONFIG + text)
const refused = (text: string): readonly string[] => problemsOfText(LEAST_CONFIG + text)

test('without a file everything runs in one process, reachable from this machine only', (t) => {
  const loaded = loadConfig(undefined)
  if (loaded.kind === 'invalid') return t.fail(describeProblems(loaded.problems))
  const { api, bus, store, compute, node, lease } = loaded.config
  t.like(api, { listen: '127.0.0.1', port: 15_868, authStrategy: 'noauth2', maxLimit: 1000 })
  t.deepEqual(bus.location, { kind: 'memory' })
  t.is(store.location.kind, 'sqlite')
  t.is(compute.authUrl, undefined)
  t.is(node.name, hostname())
  t.deepEqual(lease, {
    ttlMs: 4500,
    renewIntervalMs: 1000,
    campaignIntervalMs: 250,
    marginMs: 1000,
  })
})

test('a minimal file gets the defaults of a deployment', (t) => {
  const { config } = read('')
  t.like(config.api, { listen: '0.0.0.0', authStrategy: 'keystone' })
  t.is(config.identity.authUrl, 'http://controller:5000/v3')
  t.is(config.compute.password?.reveal(), 'n')
})

test('every caller is an administrator only on loopback, unless the file says so explicitly', (t) => {
  for (const listen of ['0.0.0.0', '::', '10.0.0.1', 'controller', '127.0.0.1.example']) {
    const text = `auth_strategy = noauth2\n[api]\nlisten = ${listen}`
    const [problem, ...others] = refused(text)
    t.deepEqual(others, [])
    t.regex(problem ?? '', /^\[DEFAULT\] auth_strategy.*open_to_everybody = true/)
    t.true(read(`${text}\nopen_to_everybody = true`).config.api.openToEverybody)
    t.deepEqual(read(`${text}\n[roles]\nenabled = engine`).config.node.roles, ['engine'])
  }
  for (const listen of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    t.is(read(`auth_strategy = noauth2\n[api]\nlisten = ${listen}`).config.api.listen, listen)
  }
})

test('anchors are TCP ports by name or address, and at most sixteen', (t) => {
  const anchors = (text: string) => read(`[host]\nanchors = ${text}`).config.hostMonitor.anchors
  t.deepEqual(read('').config.hostMonitor.anchors, [])
  t.deepEqual(anchors('router.example:22, [2001:db8::1]:443'), [
    { host: 'router.example', port: 22 },
    { host: '2001:db8::1', port: 443 },
  ])
  const many = Array.from({ length: 17 }, (_, n) => `10.0.0.${n}:22`).join(', ')
  for (const wrong of [
    'router',
    'router:0',
    'router:65536',
    '2001:db8::1:443',
    'a b:1',
    ':22',
    many,
  ]) {
    const [problem] = refused(`[host]\nanchors = ${wrong}`)
    t.regex(problem ?? '', /^\[host\] anchors.*at most 16 of host:port/, wrong)
  }
})

test('the configuration cannot be changed, at any depth', (t) => {
  const { config } = read('')
  t.true(Object.isFrozen(config.lease))
  t.true(Object.isFrozen(config.node.roles))
  t.throws(() => Object.assign(config.lease, { ttlMs: 1 }), { instanceOf: TypeError })
})

test('both spellings of an option are read, and the preferred one counts', (t) => {
  t.is(read('masakari_api_listen_port = 1').config.api.port, 1)
  t.is(read('masakari_api_listen_port = 1\n[api]\nlisten_port = 2').config.api.port, 2)
  t.is(read('[api]\nlisten_port =\n[DEFAULT]\nmasakari_api_listen_port = 1').config.api.port, 1)
})

test('values are read as oslo.config reads them', (t) => {
  const { config } = read(`
; a comment
os_privileged_user_password = a;b#c=d:%e
os_privileged_user_name: with-colon
os_region_name = first
os_region_name = "the last one"
host_failure_recovery_threads = 7
[Host_Failure]
evacuate_all_instances = off
[fence]
consent_segments = rack 1,
    rack 2
`)
  t.is(config.compute.password?.reveal(), 'a;b#c=d:%e')
  t.is(config.compute.username, 'with-colon')
  t.is(config.compute.region, 'the last one')
  t.is(config.hostRecovery.concurrencyMax, 7)
  t.false(config.hostRecovery.evacuateAll)
  t.deepEqual(config.fence.consentSegments, ['rack 1', 'rack 2'])
})

test('references are replaced from the same section, DEFAULT, or a named section', (t) => {
  const { config } = read(`
base = nova
os_privileged_user_name = $base-\${keystone_authtoken.username}
os_privileged_user_password = pa$$word$1
host = ha-$hostname
`)
  t.is(config.compute.username, 'nova-ha')
  t.is(config.compute.password?.reveal(), 'pa$word$1')
  t.is(config.node.name, `ha-${hostname()}`)
})

test('a reference to a missing option, or to itself, is a problem', (t) => {
  t.deepEqual(refused('os_region_name = $region\nhost = $a\na = $b\nb = $a'), [
    '[DEFAULT] host = "$a": refers to $a, which refers back to itself',
    '[DEFAULT] os_region_name = "$region": refers to $region, which the file does not set (write $$ for a dollar sign)',
  ])
})

test('a MySQL location is taken apart, and its password is decoded', (t) => {
  const { location } = read(
    '[database]\nconnection = mysql+pymysql://ha:p%40s%2Fs@db.example:3307/masakari?charset=utf8',
  ).config.store
  if (location.kind !== 'mysql') return t.fail('not MySQL')
  t.like(location, { host: 'db.example', port: 3307, user: 'ha', database: 'masakari' })
  t.is(location.password.reveal(), 'p@s/s')
})

const urls = (text: string): readonly string[] | undefined =>
  read(`transport_url = ${text}`).config.bridge.brokers?.urls.map((url) => url.reveal())

test('every broker of a transport URL becomes one AMQP URL', (t) => {
  t.deepEqual(urls('rabbit://u:p@h1:5672,u:p%2F@h2/nova'), [
    'amqp://u:p@h1:5672/nova',
    'amqp://u:p%2F@h2/nova',
  ])
  t.deepEqual(urls('rabbit://u:p@h1/'), ['amqp://u:p@h1/%2F'])
  t.deepEqual(urls('amqps://u:p@h1:5671//'), ['amqps://u:p@h1:5671/%2F'])
})

test('NATS servers are a list, and carry no credentials', (t) => {
  t.deepEqual(read('[bus]\nservers = nats://a:4222, tls://b:4222').config.bus.location, {
    kind: 'nats',
    servers: ['nats://a:4222', 'tls://b:4222'],
  })
  t.is(refused('[bus]\nservers = nats://user:pass@a:4222').length, 1)
})

test('all problems are reported at once, with section, option, value and what is allowed', (t) => {
  t.deepEqual(
    refused(`
this is not an option
[host_failure]
evacuate_all_instances = ture
max_hosts_share = 34
[host]
ipmi_interval = 26
monitoring_samples = 2.5
[roles]
enabled = gateway, engin
`),
    [
      'line 12: expected option = value',
      '[roles] enabled = "gateway, engin": must be one or more of gateway, engine, host-monitor, instance-monitor, bridge, separated by commas',
      '[host_failure] evacuate_all_instances = "ture": must be true or false (also yes/no, on/off, 1/0)',
      '[host_failure] max_hosts_share = "34": must be a share from 0.01 to 1',
      '[host] monitoring_samples = "2.5": must be a whole number from 1 to 20',
      '[host] ipmi_interval = "26": must be seconds from 5 to 25',
    ],
  )
})

for (const [what, text] of Object.entries({
  'a store location': '[database]\nconnection = oracle://ha:hunter2@db/ha',
  'a transport URL': 'transport_url = kombu://ha:hunter2@mq/',
  'a password with a stray dollar sign': 'os_privileged_user_password = hun$hunter2',
  'a line that is not an option': 'password hunter2',
  'a bus server': '[bus]\nservers = nats://ha:hunter2@a:4222',
  'an Identity URL': 'os_privileged_user_auth_url = http://ha:hunter2@keystone',
})) {
  test(`a password in ${what} is not printed when it is refused`, (t) => {
    const lines = refused(text)
    t.is(lines.length, 1)
    t.notRegex(lines.join(), /hunter2/)
  })
}

test('a secret is not shown when it is printed', (t) => {
  const { config } = read('')
  t.notRegex(JSON.stringify(config) + String(config.compute.password), /"n"|"k"/)
  t.true(config.compute.password instanceof Secret)
})

for (const { text, expected } of [
  {
    text: '[lease]\nttl = 4\nrenew_interval = 3',
    expected:
      /lease TTL 4000 ms must exceed twice the renew interval 3000 ms plus the margin 1000 ms/,
  },
  {
    text: '[lease]\nttl = 5.2\ncampaign_interval = 6',
    expected: /campaign interval 6000 ms .* 5200 ms/,
  },
  {
    text: '[host]\nipmi_interval = 5\nipmi_timeout = 4\nipmi_minimum_spacing = 6',
    expected: /spacing .* 6000 ms .* 5000 ms/,
  },
  {
    text: '[host]\nipmi_interval = 5\nipmi_timeout = 6\n[fence]\ndeadline = 60',
    expected: /IPMI timeout 6000 ms .* 5000 ms/,
  },
  { text: '[ssh]\nprobe_timeout = 6', expected: /SSH probe timeout 6000 ms .* 5000 ms/ },
  { text: '[fence]\ndeadline = 14', expected: /fence deadline 14000 ms .* are 15000 ms/ },
  { text: 'notifications_expired_interval = 180', expected: /180000 ms must exceed .* 180000 ms/ },
  {
    text: 'notifications_expired_interval = 240\n[host]\nmonitoring_interval = 60',
    expected: /240000 ms must exceed 4 monitoring intervals of 60000 ms, 240000 ms/,
  },
  {
    text: '[host]\nmonitoring_interval = 60\n[host_failure]\nwindow_seconds = 119',
    expected:
      /window of the storm guard 119000 ms .* 2 monitoring intervals of 60000 ms, 120000 ms/,
  },
  {
    text: '[roles]\nenabled = host-monitor',
    expected: /roles host-monitor do not include the engine/,
  },
  { text: '[bus]\nuser = a', expected: /user and password of the bus must be given together/ },
  { text: '[bus]\nuser = a\npassword = b\ntoken = c', expected: /give only one of these/ },
  {
    text: '[webhook]\nusername = a',
    expected: /user and password of the webhook must be given together/,
  },
  {
    text: '[api]\ntls_key_file = package.json',
    expected: /tls_cert_file and tls_key_file must be given together/,
  },
]) {
  test(`contradicting values are refused: ${text.replaceAll('\n', ' ')}`, (t) => {
    const lines = refused(text)
    t.is(lines.length, 1, lines.join('\n'))
    t.regex(lines.join(), expected)
  })
}

test('an empty file names every account that a deployment needs', (t) => {
  const loaded = readConfig('', 'file')
  t.deepEqual(loaded.kind === 'invalid' ? loaded.problems.map(({ option }) => option) : [], [
    'DEFAULT.os_privileged_user_auth_url',
    'DEFAULT.os_privileged_user_name',
    'DEFAULT.os_privileged_user_password',
    'DEFAULT.os_privileged_user_tenant',
    'keystone_authtoken.auth_url',
    'keystone_authtoken.username',
    'keystone_authtoken.password',
  ])
})

test('a monitor on a compute host needs no account at all', (t) => {
  const text = '[roles]\nenabled = instance-monitor\n[bus]\nservers = nats://a:4222'
  t.is(readConfig(text, 'file').kind, 'ok')
})

test('options of Masakari without effect cause a remark, and unknown ones are listed once for each section', (t) => {
  const { notes } = read(`
wait_period_after_service_update = 10
debug = true
colour = true
size = 3
[oslo_messaging_rabbit]
hare = 60
[bus]
servers = nats://a:4222
[database]
connection = mysql://a:b@c/d
[bridge]
transport_url = rabbit://a:b@c/
`)
  t.deepEqual(notes, [
    '[DEFAULT] wait_period_after_service_update has no effect: there is no fixed wait: a fenced host is forced down, and the engine waits for the observed state',
    '[DEFAULT] debug has no effect: lines go to stderr as JSON, and the service manager keeps them; see [log] level',
    '[DEFAULT] options ignored: colour, size',
    '[oslo_messaging_rabbit] options ignored: hare',
  ])
})

test('a file that others can read causes a remark, and one that cannot be read is refused', async (t) => {
  await using directory = await temporaryDirectory('config')
  const path = join(directory.path, 'instance-ha.conf')
  await writeFile(path, LEAST_CONFIG)
  await chmod(path, 0o644)
  const open = loadConfig(path)
  t.true(open.kind === 'ok' && open.notes.some((note) => note.includes('every user')))
  await chmod(path, 0o640)
  const closed = loadConfig(path)
  t.true(closed.kind === 'ok' && !closed.notes.some((note) => note.includes('every user')))
  const absent = loadConfig(join(directory.path, 'absent.conf'))
  t.true(
    absent.kind === 'invalid' &&
      /cannot read .*absent\.conf/.test(describeProblems(absent.problems)),
  )
})

test('the sample file is as the declarations say, and is itself valid', async (t) => {
  const sample = await readFile('ops/instance-ha.conf.sample', 'utf8')
  t.is(sample, renderSample(), 'write it anew from renderSample()')
  const { notes } = read(sample.replace(/^#(\w+ = .+)$/gm, '$1'))
  t.deepEqual(
    notes.filter((note) => note.includes('ignored')),
    [],
  )
})
