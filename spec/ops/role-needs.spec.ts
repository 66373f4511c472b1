/** Each role runs with the secrets that it uses and no other, and the page of secrets is true. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { connect } from 'nats'
import { OPTIONS } from '../../schema/config.ts'
import { ROLES } from '../../schema/config/node.ts'
import type { Option } from '../../schema/config/option.ts'
import { SECRETS } from '../../schema/config/role-needs.ts'
import { hostName } from '../../schema/ids.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import { decode } from '../../schema/messages/codec.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { LEAST_CONFIG, problemsOfText, readText } from '../support/config-text.ts'
import { startNats } from '../support/nats.ts'
import { freePort, temporaryDirectory } from '../support/process.ts'
import { startProduct } from '../support/product.ts'
import { until } from '../support/until.ts'

const NATS = '[bus]\nservers = nats://127.0.0.1:4222\n'
const alone = (role: string, more = ''): string => `${more}\n[roles]\nenabled = ${role}\n${NATS}`

test('the page of secrets shows which role uses which secret', (t) => {
  const [secrets = ''] = readFileSync('ops/docs/security.md', 'utf8').split(/^## /m)
  const rows = secrets
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  const [head, , ...shown] = rows
  t.deepEqual(head, ['secret', 'options', ...ROLES])
  t.deepEqual(
    shown,
    Object.entries(SECRETS).map(([name, { options, by }]) => [
      name,
      options.map((option) => `\`${option}\``).join(', '),
      ...ROLES.map((role) => new Map<string, string>(Object.entries(by)).get(role) ?? '–'),
    ]),
  )
})

test('every option that holds a secret belongs to one of them', (t) => {
  const listed: readonly string[] = Object.values(SECRETS).flatMap(({ options }) => [...options])
  const declared = Object.values<Readonly<Record<string, Option>>>(OPTIONS).flatMap((part) =>
    Object.values(part),
  )
  const names = new Set(declared.flatMap((option) => option.names))
  for (const option of listed) t.true(names.has(option), option)
  const secrets = declared.filter(
    ({ kind, names: [name] }) =>
      ['secret', 'store', 'amqp'].includes(kind) || /key_file$|credentials_file$/.test(name),
  )
  t.true(secrets.length > 8)
  for (const { names: own } of secrets) {
    t.true(
      own.some((name) => listed.includes(name)),
      own.join(),
    )
  }
})

for (const role of ['host-monitor', 'instance-monitor', 'bridge']) {
  test(`the role ${role} alone needs no account of Compute`, (t) => {
    t.deepEqual(problemsOfText(alone(role)), [])
  })
}

for (const role of ['gateway', 'engine']) {
  test(`the role ${role} alone names the account of Compute that is missing`, (t) => {
    const problems = problemsOfText(alone(role)).join('\n')
    t.regex(problems, /os_privileged_user_password: is needed by the roles gateway and engine/)
  })
}

test('an engine needs no account that checks tokens', (t) => {
  t.notRegex(problemsOfText(alone('engine')).join(), /keystone_authtoken/)
})

test('half of an account is refused where it would be used', (t) => {
  const half = '[DEFAULT]\nos_privileged_user_name = nova\n'
  t.regex(problemsOfText(alone('host-monitor', half)).join(), /give all of it, or nothing/)
  t.deepEqual(problemsOfText(alone('bridge', half)), [])
})

test('a host-monitor without an account says once what it does without', (t) => {
  const { notes } = readText(alone('host-monitor'))
  t.is(notes.filter((note) => note.startsWith('there is no account of Compute')).length, 1)
  t.false(readText(alone('bridge')).notes.some((note) => note.includes('account of Compute')))
})

test('a secret that no role of the process uses is named, and its value is not', (t) => {
  const { notes } = readText(alone('instance-monitor', LEAST_CONFIG.replace('= n\n', '= hush\n')))
  const unused = notes.filter((note) => note.includes('take it out of the file of this node'))
  t.is(unused.length, 2)
  t.regex(unused.join(), /os_privileged_user_password.+keystone_authtoken\.password/s)
  t.false(notes.join().includes('hush'))
  const full = readText(`${LEAST_CONFIG}\n[roles]\nenabled = gateway\n${NATS}`)
  t.false(full.notes.some((note) => note.includes('take it out')))
})

/** What is said on the bus. */
async function tap(url: string): Promise<AsyncDisposable & { readonly heard: Received[] }> {
  const connection = await connect({ servers: url })
  const heard: Received[] = []
  connection.subscribe('ha.default.>', {
    callback: (_error, { subject, data }) => void heard.push(decode({ subject, body: data })),
  })
  await connection.flush()
  return { heard, [Symbol.asyncDispose]: () => connection.close() }
}

test('a bridge alone runs without an account and without a database, and shows its link', async (t) => {
  await using directory = await temporaryDirectory('bridge')
  await using nats = await startNats()
  await using bus = await tap(nats.url)
  const broker = `rabbit://nova:hush@127.0.0.1:${await freePort()}/`
  const text = `[DEFAULT]
host = bridge-1
[bus]
servers = ${nats.url}
[roles]
enabled = bridge
[bridge]
transport_url = ${broker}
[ssh]
state_directory = ${join(directory.path, 'state')}
[database]
connection = sqlite:////nonexistent/store.db
`
  await using bridge = await startProduct(directory.path, 'bridge-1', text)
  const linkOf = () =>
    bus.heard.flatMap((each) => (each.type === 'role.health' ? (each.body.links ?? []) : [])).at(-1)
  await until('its link is shown with the reason', () =>
    /ECONNREFUSED/.test(linkOf()?.reason ?? ''),
  )
  t.like(linkOf(), { name: 'compute-broker', linked: false })
  t.false(JSON.stringify(bus.heard).includes('hush'))
  t.false(bridge.output().includes('hush'))
  bridge.signal('SIGTERM')
  await bridge.ended
  t.is(bridge.exitStatus(), 0, bridge.output())
})

test('a host-monitor alone watches its hosts without an account of Compute', async (t) => {
  await using directory = await temporaryDirectory('host-monitor')
  await using nats = await startNats()
  await using bus = await tap(nats.url)
  const file = join(directory.path, 'store.db')
  {
    await using store = openSqliteStore(file, {
      clock: new SystemClock(),
      random: new SystemRandom(),
    })
    await store.migrate()
    const fields = { serviceType: 'COMPUTE', description: null, enabled: true } as const
    const segment = await store.createSegment({ ...fields, name: 'a', recoveryMethod: 'auto' })
    await store.createHost(segment.uuid, {
      name: hostName('compute-1'),
      type: 'COMPUTE',
      controlAttributes: '',
      reserved: false,
      onMaintenance: false,
    })
  }
  const text = `[DEFAULT]
host = monitor-1
[bus]
servers = ${nats.url}
[roles]
enabled = host-monitor
[ssh]
state_directory = ${join(directory.path, 'state')}
[database]
connection = sqlite:///${file}
`
  await using monitor = await startProduct(directory.path, 'monitor-1', text)
  await until('it says what it sees of the host', () =>
    bus.heard.some((each) => each.type === 'host.observed' && each.body.hostName === 'compute-1'),
  )
  t.is(monitor.output().split('there is no account of Compute').length, 2, 'it says so once')
  t.notRegex(monitor.output(), /"level":"error"|crashed/)
  monitor.signal('SIGTERM')
  await monitor.ended
  t.is(monitor.exitStatus(), 0, monitor.output())
})
