/** Problems before anything runs: wrong commands, wrong options, wrong files, a port in use. */
import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { freePort, temporaryDirectory, listenOn } from '../support/process.ts'
import { configurationOf, runProduct } from '../support/product.ts'

const ACCOUNT = {
  authUrl: 'http://127.0.0.1:9/v3', // nobody listens on the discard port
  username: 'ha',
  password: 'nova-p4ssw0rd',
  project: 'service',
}

/** A valid configuration, all of it below one directory. */
const plain = (directory: string, port: number, more = ''): string =>
  configurationOf({
    node: 'controller-1',
    roles: 'gateway, engine, host-monitor',
    account: ACCOUNT,
    port,
    store: `sqlite:///${join(directory, 'state', 'store.sqlite')}`,
    bus: 'memory',
    stateDirectory: join(directory, 'state'),
    more,
  })

/** Uses a port until its disposal. */
async function takePort(port: number): Promise<AsyncDisposable & { readonly count: () => number }> {
  const server = createServer()
  let count = 0
  server.on('connection', () => {
    count += 1
  })
  await listenOn(server, port)
  return {
    count: () => count,
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      await promise
    },
  }
}

for (const [what, args] of Object.entries({
  'a noun without a verb': ['config'],
  'no command': [],
  'an unknown command': ['evacuate-all'],
  'an unknown option of run': ['run', '--confg', 'instance-ha.conf'],
  'an unknown option of print-sample': ['print-sample', '--all'],
})) {
  test.serial(`${what} is answered with where to read on, and status 2`, async (t) => {
    const ended = await runProduct(...args)
    t.is(ended.status, 2)
    t.regex(ended.stderr, /^Usage: instance-ha .*VERB|\(see instance-ha .*--help\)$/m)
    t.notRegex(ended.stderr, /^ +at /m, 'no stack for a slip of the fingers')
    t.is(ended.stdout, '')
  })
}

test.serial(
  'the options of the demonstration are refused together with a file, and invalid ones always',
  async (t) => {
    const beside = await runProduct('run', '--config', 'instance-ha.conf', '--exit-after-recovery')
    t.like(beside, { status: 2, stdout: '' })
    t.regex(beside.stderr, /belong to the demonstration/)
    const wrong = await runProduct('run', '--port', '99999')
    t.like(wrong, { status: 2, stdout: '' })
    t.regex(
      wrong.stderr,
      /^\[api\] listen_port = "99999": must be a whole number from 0 to 65535$/m,
    )
  },
)

test.serial(
  'every problem of a file is reported at once, and nothing is started or made',
  async (t) => {
    await using directory = await temporaryDirectory('run')
    const port = await freePort()
    await using bus = await takePort(await freePort())
    const file = join(directory.path, 'instance-ha.conf')
    const wrong = `this is not an option
[host_failure]
max_hosts_share = 34
[host]
monitoring_samples = 2.5
[bus]
servers = http://127.0.0.1
[database]
connection = oracle://ha:hunter2@127.0.0.1/ha
[roles]
enabled = gateway, engin
`
    await writeFile(file, plain(directory.path, port, wrong), { mode: 0o600 })
    const ended = await runProduct('run', '--config', file)
    t.is(ended.status, 2)
    const [title, ...problems] = ended.stderr.trimEnd().split('\n')
    t.is(title, 'The configuration cannot be used:')
    const expected = [
      /instance-ha\.conf, line \d+: expected option = value$/,
      /^\[roles\] enabled = "gateway, engin": must be one or more of gateway, engine, /,
      /^\[database\] connection = \*\*\*: must be mysql/,
      /^\[bus\] servers = "http:\/\/127\.0\.0\.1": must be /,
      /^\[host_failure\] max_hosts_share = "34": must be a share from 0\.01 to 1 \(.*instance-ha\.conf, line \d+\)$/,
      /^\[host\] monitoring_samples = "2\.5": must be a whole number from 1 to 20 \(.*, line \d+\)$/,
    ]
    for (const line of expected) {
      t.true(
        problems.some((problem) => line.test(problem)),
        `${String(line)} is not among:\n${problems.join('\n')}`,
      )
    }
    t.is(problems.length, expected.length)
    t.deepEqual(await readdir(directory.path), ['instance-ha.conf'])
    t.is(bus.count(), 0)
    await t.throwsAsync(fetch(`http://127.0.0.1:${port}/health/live`))
  },
)

test.serial('contradicting values are reported with their numbers', async (t) => {
  await using directory = await temporaryDirectory('run')
  const file = join(directory.path, 'instance-ha.conf')
  const wrong = `[lease]
ttl = 4
renew_interval = 3
[fence]
deadline = 14
`
  await writeFile(file, plain(directory.path, await freePort(), wrong), { mode: 0o600 })
  const { status, stderr } = await runProduct('run', '--config', file)
  t.is(status, 2)
  t.regex(stderr, /^\[lease\] ttl: lease TTL 4000 ms must exceed twice the renew interval 3000 ms/m)
  t.regex(stderr, /^\[fence\] deadline: fence deadline 14000 ms .* are 15000 ms \(/m)
  t.deepEqual(await readdir(directory.path), ['instance-ha.conf'])
})

test.serial('a missing file, or a missing certificate in it, ends with status 2', async (t) => {
  await using directory = await temporaryDirectory('run')
  const absent = await runProduct('run', '--config', join(directory.path, 'absent.conf'))
  t.is(absent.status, 2)
  t.regex(absent.stderr, /cannot read .*absent\.conf/)
  const file = join(directory.path, 'instance-ha.conf')
  const certificate = `[DEFAULT]\nnova_ca_certificates_file = ${join(directory.path, 'ca.pem')}\n`
  await writeFile(file, plain(directory.path, await freePort(), certificate), { mode: 0o600 })
  const { status, stderr } = await runProduct('run', '--config', file)
  t.is(status, 2)
  t.regex(stderr, /^\[DEFAULT\] nova_ca_certificates_file = ".*ca\.pem": must be /m)
})

test.serial(
  'a port in use is reported in one line with status 1, and the process ends',
  async (t) => {
    await using directory = await temporaryDirectory('run')
    const port = await freePort()
    await using _taken = await takePort(port)
    const file = join(directory.path, 'instance-ha.conf')
    await writeFile(file, plain(directory.path, port), { mode: 0o600 })
    const line = `instance-ha cannot start: listen EADDRINUSE: address already in use 127.0.0.1:${port}`
    const real = await runProduct('run', '--config', file)
    t.is(real.status, 1)
    t.true(real.stderr.endsWith(`${line}\n`), real.stderr)
    t.notRegex(real.stderr, /^ +at /m)
    const demo = await runProduct('run', '--port', String(port))
    t.like(demo, { status: 1, stderr: `${line}\n` })
  },
)
