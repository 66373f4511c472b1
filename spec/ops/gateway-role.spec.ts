/** What the gateway role reads from files and from the bus. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { subscribeToBus } from '../../ops/roles/bus-subscriptions.ts'
import { describeProblems, loadConfig } from '../../ops/load-config.ts'
import { loadPolicy } from '../../ops/roles/policy-file.ts'
import { hostId, hostName, segmentId } from '../../schema/ids.ts'
import { encode } from '../../schema/messages/codec.ts'
import { MemoryBroker } from '../../transports/memory/broker.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { silentLog } from '../support/logs.ts'
import { temporaryDirectory } from '../support/process.ts'
import { until } from '../support/until.ts'

const OPERATOR = {
  userId: 'u',
  projectId: 'p',
  systemScope: false,
  serviceProjectId: null,
  roles: ['operator'],
  expiresAt: 0,
}

const only = (policyFile: string) => ({ policyFile, policyDirs: [] })

/** A line with the rule for listing segments. */
const index = (rule: string): string => `"os_masakari_api:segments:index": "${rule}"\n`

const withFile = async (text: string): Promise<AsyncDisposable & { readonly path: string }> => {
  const directory = await temporaryDirectory('policy')
  const path = join(directory.path, 'policy.yaml')
  await writeFile(path, text)
  return { path, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
}

test('a policy file changes the rules that it names, and leaves the others', async (t) => {
  await using file = await withFile(
    '# reads\n"os_masakari_api:segments:index": "role:operator"\nops: [["role:x"]]\n',
  )
  const policy = loadPolicy(only(file.path), t.fail)
  t.true(policy.allows('segments:index', OPERATOR))
  t.false(policy.allows('segments:detail', OPERATOR))
})

test('a policy file of comments only changes nothing', async (t) => {
  await using file = await withFile('# "os_masakari_api:segments:index": "!"\n')
  t.false(loadPolicy(only(file.path), t.fail).allows('segments:index', OPERATOR))
})

for (const [what, text, message] of [
  ['no mapping', '- role:a\n', /not a mapping/],
  ['no YAML', '"a": "b\n', /policy\.yaml/],
  ['a rule twice', 'a: "@"\na: "!"\n', /unique/],
  ['a rule that cannot be read', 'a: "role:x and"\n', /"a" cannot be used/],
  ['a bare exclamation mark', 'a: !\n', /must be in quotes/],
] as const) {
  test(`a policy file with ${what} stops the start`, async (t) => {
    await using file = await withFile(text)
    const error = t.throws(() => loadPolicy(only(file.path), t.fail), { code: 'CONFIG_INVALID' })
    t.regex(error?.message ?? '', message)
  })
}

test('without a policy file the default rules hold, and a remark says so', (t) => {
  const remarks: string[] = []
  const policy = loadPolicy(only('/nonexistent/policy.yaml'), (text) => remarks.push(text))
  t.false(policy.allows('segments:index', OPERATOR))
  t.deepEqual(remarks, ['there is no policy file /nonexistent/policy.yaml: the default rules hold'])
})

test('a policy file that cannot be read stops the start', async (t) => {
  await using directory = await temporaryDirectory('policy')
  t.throws(() => loadPolicy(only(directory.path), t.fail), {
    code: 'CONFIG_INVALID',
    message: /EISDIR/,
  })
})

test('files of policy directories count after the policy file, in the order of their names', async (t) => {
  await using directory = await temporaryDirectory('policy')
  const [one, two] = [join(directory.path, 'one.d'), join(directory.path, 'two.d')]
  await mkdir(join(one, 'nested'), { recursive: true })
  await mkdir(two)
  const detail = '"os_masakari_api:segments:detail": "role:operator"\n'
  await writeFile(join(directory.path, 'policy.yaml'), index('!') + detail)
  await writeFile(join(one, '20-yes.yaml'), index('role:operator'))
  await writeFile(join(one, '10-no.yaml'), index('role:nobody'))
  await writeFile(join(one, '.30-hidden.yaml'), index('!'))
  await writeFile(join(one, 'nested', '40.yaml'), index('!'))
  const policyFile = join(directory.path, 'policy.yaml')
  const policyDirs = [join(directory.path, 'absent.d'), one]
  const policy = loadPolicy({ policyFile, policyDirs }, t.fail)
  t.true(policy.allows('segments:index', OPERATOR))
  t.true(policy.allows('segments:detail', OPERATOR))
  await writeFile(join(two, 'a'), index('!'))
  const last = loadPolicy({ policyFile, policyDirs: [...policyDirs, two] }, t.fail)
  t.false(last.allows('segments:index', OPERATOR))
  await writeFile(join(two, 'b.yaml'), 'a: "role:x and"\n')
  const broken = t.throws(() => loadPolicy({ policyFile, policyDirs: [two] }, t.fail))
  t.regex(broken?.message ?? '', /two\.d\/b\.yaml: .*"a" cannot be used/)
})

test('a broken link in a policy directory stops the start, because its rules may be the strict ones', async (t) => {
  await using directory = await temporaryDirectory('policy')
  await symlink(join(directory.path, 'absent'), join(directory.path, '10.yaml'))
  const files = { policyFile: join(directory.path, 'none'), policyDirs: [directory.path] }
  const remarks: string[] = []
  t.throws(() => loadPolicy(files, (text) => remarks.push(text)), {
    code: 'CONFIG_INVALID',
    message: /10\.yaml: the link leads nowhere/,
  })
})

test('policy directories are policy.d beside the configuration file, or those that are named', async (t) => {
  await using directory = await temporaryDirectory('policy')
  const path = join(directory.path, 'masakari.conf')
  const node = '[roles]\nenabled = instance-monitor\n[bus]\nservers = nats://a\n[oslo_policy]\n'
  for (const [lines, expected] of [
    ['', [join(directory.path, 'policy.d')]],
    ['policy_dirs = a.d\npolicy_dirs = /etc/b.d', [join(directory.path, 'a.d'), '/etc/b.d']],
  ] as const) {
    await writeFile(path, node + lines)
    const loaded = loadConfig(path)
    t.deepEqual(loaded.kind === 'ok' ? loaded.config.api.policyDirs : loaded.problems, expected)
  }
})

test('a relative policy file is found beside the configuration file', async (t) => {
  await using directory = await temporaryDirectory('policy')
  const path = join(directory.path, 'masakari.conf')
  for (const [line, expected] of [
    ['policy_file = rules.yaml', join(directory.path, 'rules.yaml')],
    ['policy_file = /etc/rules.yaml', '/etc/rules.yaml'],
    ['', join(directory.path, 'policy.yaml')],
  ] as const) {
    await writeFile(
      path,
      `[roles]\nenabled = instance-monitor\n[bus]\nservers = nats://a\n[oslo_policy]\n${line}\n`,
    )
    const loaded = loadConfig(path)
    t.is(
      loaded.kind === 'ok' ? loaded.config.api.policyFile : describeProblems(loaded.problems),
      expected,
    )
  }
})

const ROSTER = {
  readRoster: async () => ({
    hosts: [{ host: hostId('h1'), hostName: hostName('compute-1'), segment: segmentId('s1') }],
    observers: ['controller-1'],
    monitors: [],
  }),
}

test('observations and recoveries are received from the bus, and malformed messages are ignored', async (t) => {
  const clock = new SystemClock()
  const bus = new MemoryBroker({ clock, log: silentLog, leaseTtlMs: 6000 }).bus('gateway-1')
  await using heard = subscribeToBus({
    countParked: () => {},
    bus,
    clock,
    cloud: 'one',
    freshMs: 60_000,
    observersPerHost: 2,
    store: ROSTER,
  })
  const from = { cloud: 'one', node: 'n', incarnation: 'i', sequence: 1, epoch: null, sentAt: 1000 }
  const say = ({ subject, body }: ReturnType<typeof encode>): void => bus.publish(subject, body)
  bus.publish('ha.one.recovery.x', new TextEncoder().encode('noise'))
  const seen = { host: 'h1', hostName: 'compute-1', segment: 's1', state: 'suspect' } as const
  const observed = (observer: string) =>
    encode('host.observed', { ...seen, observer, evidence: ['ssh: silent'] }, { ...from, id: 'm1' })
  await until('the watcher is heard', () => {
    say(observed('nobody'))
    say(observed('controller-1'))
    return heard.observations.of('h1').length > 0
  })
  const stepped = { notification: 'n1', host: 'compute-1', reason: 'why', evidence: ['seen'] }
  say(encode('recovery.stepped', { ...stepped, step: 'fenced' }, { ...from, id: 'm2' }))
  const moved = { notification: 'n1', instance: 'i1', instanceName: 'vm', reason: 'moved' }
  const counts = { status: 'succeeded', dest: 'compute-2', done: 1, total: 2 }
  say(encode('move.stepped', { ...moved, ...counts }, { ...from, id: 'm3' }))
  const about = { notification: 'n1', instance: 'i1', instanceName: 'vm', host: 'compute-2' }
  const sign = { state: 'agent', reason: 'it answers', afterMs: 27_000, back: 1, total: 2 } as const
  say(encode('guest.followed', { ...about, ...sign }, { ...from, id: 'm4' }))
  say(observed('controller-1')) // it says the same again, which is no event
  await until('all messages were heard', () => heard.feed.end === 4)
  t.is(heard.observations.of('h1').length, 1)
  const rack = { host: 'h1', source: 'file' as const, names: ['rack:1'] }
  say(encode('domains.known', { hosts: [rack] }, { ...from, epoch: 3, id: 'm5' }))
  await until('the domains were heard', () => heard.domains.of('h1') !== undefined)
  t.deepEqual(heard.domains.of('h1'), { source: 'file', names: ['rack:1'], readAt: undefined })
  t.like(heard.observations.of('h1')[0], { observer: 'controller-1', state: 'suspect' })
  const sent_at = '1970-01-01T00:00:01.000Z'
  t.deepEqual(
    [0, 1, 2, 3].map((position) => ({
      id: heard.feed.at(position)?.id,
      ...heard.feed.at(position)?.data,
    })),
    [
      {
        id: 'm1',
        sent_at,
        host_uuid: 'h1',
        host: 'compute-1',
        observer: 'controller-1',
        state: 'suspect',
        evidence: ['ssh: silent'],
      },
      {
        id: 'm2',
        sent_at,
        notification_uuid: 'n1',
        host: 'compute-1',
        step: 'fenced',
        reason: 'why',
        evidence: ['seen'],
      },
      {
        id: 'm3',
        sent_at,
        notification_uuid: 'n1',
        instance_uuid: 'i1',
        instance_name: 'vm',
        status: 'succeeded',
        dest_host: 'compute-2',
        reason: 'moved',
        done: 1,
        total: 2,
      },
      {
        id: 'm4',
        sent_at,
        notification_uuid: 'n1',
        instance_uuid: 'i1',
        instance_name: 'vm',
        host: 'compute-2',
        state: 'agent',
        reason: 'it answers',
        after_ms: 27_000,
        back: 1,
        total: 2,
      },
    ],
  )
})
