/** The command that prints the accounts of NATS, and the keys that it makes. */
import { execFile } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { nkeys } from 'nats'
import { natsCredentials } from '../../ops/nats-credentials.ts'
import { publicKeyOf } from '../../ops/nkey-files.ts'
import { CATALOGUE, type WireType } from '../../schema/messages/catalogue.ts'
import { encode } from '../../schema/messages/codec.ts'
import { WEBHOOK_OBSERVER } from '../../schema/messages/observation.ts'
import { covers } from '../../schema/messages/subject-patterns.ts'
import { rightsOf } from '../../ops/roles/bus-rights.ts'
import { ROLES } from '../../schema/config/node.ts'
import { Forger } from '../support/forger.ts'
import { LEAST_CONFIG, readText } from '../support/config-text.ts'
import { program, startServer, freePort, temporaryDirectory } from '../support/process.ts'

const FROM = {
  cloud: 'west',
  node: 'n',
  incarnation: 'i',
  sequence: 1,
  id: 'm',
  epoch: null,
  sentAt: 0,
}

const run = promisify(execFile)
const COMMAND = ['ops/cli.ts', 'bus-permissions']

interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

async function permissions(...args: readonly string[]): Promise<Ran> {
  try {
    const { stdout, stderr } = await run(process.execPath, [...COMMAND, ...args])
    return { status: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = Object(error)
    return { status: code, out: stdout, err: stderr }
  }
}

test('a server takes what is printed, and lets in who has the key that was made', async (t) => {
  await using directory = await temporaryDirectory('accounts')
  const keys = join(directory.path, 'keys')
  const hosts = join(directory.path, 'hosts.txt')
  await writeFile(hosts, '# compute hosts\ncompute-1\n\ncompute-2.example.org\n')
  const nodes = ['ctl-1=engine,gateway', 'desk=tap']
  const first = await permissions('--keys', keys, '--compute-hosts', hosts, ...nodes)
  t.like(first, { status: 0, err: '' })
  t.deepEqual((await readdir(keys)).toSorted(), [
    'compute-1.nk',
    'compute-2.example.org.nk',
    'ctl-1.nk',
    'desk.nk',
  ])
  t.is((await stat(join(keys, 'ctl-1.nk'))).mode & 0o777, 0o600)
  t.is((await stat(keys)).mode & 0o777, 0o700)
  const seed = (await readFile(join(keys, 'ctl-1.nk'), 'utf8')).trim()
  t.false(first.out.includes(seed))
  t.deepEqual(await permissions('--keys', keys, '--compute-hosts', hosts, ...nodes), first)

  const port = await freePort()
  const file = join(directory.path, 'nats.conf')
  await writeFile(join(directory.path, 'accounts.conf'), first.out)
  const jetstream = `jetstream { store_dir: ${JSON.stringify(join(directory.path, 'store'))} }`
  await writeFile(file, `listen: "127.0.0.1:${port}"\n${jetstream}\ninclude accounts.conf\n`)
  await using _server = await startServer({
    command: program('nats-server', 'nats-server'),
    args: ['--config', file],
    ready: /Server is ready/u,
  })
  await using engine = await Forger.open(`nats://127.0.0.1:${port}`, 'ctl-1', seed)
  const tries = (subject: string): Promise<boolean> =>
    engine.tries({ operation: 'publish', message: { subject, body: new Uint8Array() } })
  t.true(await tries('ha.default.leadership.proclaimed.ctl-1'))
  t.false(await tries('ha.default.leadership.proclaimed.ctl-2'))
  t.false(await tries('ha.other.leadership.proclaimed.ctl-1'))
})

for (const [what, args, says] of [
  ['without a directory', ['ctl-1=engine'], /--keys DIRECTORY is missing/],
  ['without an account', ['--keys', 'k'], /name at least one NODE=ROLE/],
  ['with an unknown role', ['--keys', 'k', 'ctl-1=engin'], /engin is not a role.*engine/],
  ['with a node that is a path', ['--keys', 'k', '../x=engine'], /cannot be the name of a node/],
  ['with a node named twice', ['--keys', 'k', 'a=engine', 'a=bridge'], /a is named twice/],
  ['without a role', ['--keys', 'k', 'ctl-1'], /is not a role/],
] as const) {
  test(`${what}, nothing is made, and it says why`, async (t) => {
    const { status, out, err } = await permissions(...args)
    t.like({ status, out }, { status: 2, out: '' })
    t.regex(err, says)
  })
}

test('a public key of a seed made elsewhere is taken, a damaged key is refused', async (t) => {
  await using directory = await temporaryDirectory('keys')
  const pair = nkeys.createUser()
  await writeFile(join(directory.path, 'one.pub'), `${pair.getPublicKey()}\n`)
  t.is(await publicKeyOf(directory.path, 'one'), pair.getPublicKey())
  t.deepEqual(await readdir(directory.path), ['one.pub'])
  const seed = new TextDecoder().decode(pair.getSeed())
  const account = new TextDecoder().decode(nkeys.createAccount().getSeed())
  for (const [name, text] of [
    ['two.pub', seed],
    ['three.nk', `${seed.slice(0, 20)}${seed[20] === 'A' ? 'B' : 'A'}${seed.slice(21)}`],
    ['four.nk', account],
    ['five.nk', ''],
  ] as const) {
    await writeFile(join(directory.path, name), text)
    const error = await t.throwsAsync(publicKeyOf(directory.path, name.split('.')[0] ?? ''), {
      code: 'CONFIG_INVALID',
    })
    t.false(error.message.includes(seed), name)
  }
})

test('a file without a seed is refused by the process, and its text is not told', async (t) => {
  await using directory = await temporaryDirectory('seed')
  const file = join(directory.path, 'node.nk')
  const seed = new TextDecoder().decode(nkeys.createUser().getSeed())
  await writeFile(file, `# of this node\n${seed}\n`)
  const { config } = readText(
    `${LEAST_CONFIG}\n[bus]\nservers = nats://127.0.0.1:1\nnkey_file = ${file}\n`,
  )
  const { bus } = config
  t.is(natsCredentials(bus).nkey?.(), seed)
  await writeFile(file, 'secret of another kind')
  const error = t.throws(() => natsCredentials(bus), { code: 'CONFIG_INVALID' })
  t.regex(error.message, /nkey_file/)
  t.false(error.message.includes('another'))
})

test('no role may change a stream, take faults or hold the lease but the engine', (t) => {
  for (const role of ROLES) {
    const { publish, subscribe } = rightsOf('west', { node: 'n', roles: [role] })
    const strong = publish.filter((subject) => /^\$(JS|KV)/.test(subject))
    if (role === 'engine') t.true(strong.length > 5)
    else t.true(strong.every((subject) => subject.startsWith('$JS.API.STREAM.MSG.GET.KV_')))
    t.false([...publish, ...subscribe].some((subject) => subject === 'ha.west.>'))
    t.true(subscribe.includes('_INBOX.n.>'))
  }
})

test('each role may publish all that the catalogue lets it say, in its own name, and hear all that is for it', (t) => {
  // Every field is the name of the process, so that the speaker of each message is its sender.
  const named = new Proxy({}, { get: (_, field) => (field === 'roles' ? ['x'] : 'n') })
  for (const [type, message] of Object.entries(CATALOGUE)) {
    const { from, to } = message
    const { subject } = encode(type as WireType, named as never, FROM)
    for (const role of ROLES) {
      const mine = subject.replace(/^(ha\.west\.health\.n)\.x$/, `$1.${role}`)
      const speaker = type === 'host.observed' && role === 'gateway' ? WEBHOOK_OBSERVER : 'n'
      const said = mine.replace('.host.n.n.n', `.host.${speaker}.n.n`)
      const { publish, subscribe } = rightsOf('west', { node: 'n', roles: [role] })
      const may = (rights: readonly string[]): boolean =>
        rights.some((right) => covers(right.split('.'), said.split('.')))
      t.is(
        may(publish),
        from.some((each) => each === role),
        `${role} says ${type}`,
      )
      t.is(
        may(subscribe),
        to.some((each) => each === role),
        `${role} hears ${type}`,
      )
    }
  }
})
