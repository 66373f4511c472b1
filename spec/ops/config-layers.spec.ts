/** Overlays, secrets in files and the environment: which value counts, where it is from, and what is refused. */
import { chmod, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { variableOf } from '../../ops/config/environment.ts'
import { describeProblems, loadConfig, type LoadedConfig } from '../../ops/load-config.ts'
import { OPTIONS } from '../../schema/config.ts'
import type { OptionGroup } from '../../schema/config/option.ts'
import { fileTwin, holdsSecret, spellingsOf } from '../../schema/config/secret-files.ts'
import { LEAST_CONFIG } from '../support/config-text.ts'
import { temporaryDirectory } from '../support/process.ts'

type Loaded = Extract<LoadedConfig, { kind: 'ok' }>

interface Etc extends AsyncDisposable {
  readonly directory: string
  /** Writes a file that only we can read, and returns its path. */
  write(name: string, text: string, mode?: number): Promise<string>
  load(environment?: Readonly<Record<string, string>>): Loaded
  /** The problems, one line each. */
  refused(environment?: Readonly<Record<string, string>>): string
}

/** A directory with a main file that can be used. */
async function openEtc(more = ''): Promise<Etc> {
  const directory = await temporaryDirectory('etc')
  const main = join(directory.path, 'instance-ha.conf')
  const write = async (name: string, text: string, mode = 0o600): Promise<string> => {
    const path = join(directory.path, name)
    await writeFile(path, text)
    await chmod(path, mode)
    return path
  }
  await write('instance-ha.conf', LEAST_CONFIG + more)
  await mkdir(`${main}.d`)
  return {
    directory: directory.path,
    write,
    load(environment = {}) {
      const loaded = loadConfig(main, environment)
      if (loaded.kind === 'invalid') throw new Error(describeProblems(loaded.problems))
      return loaded
    },
    refused(environment = {}) {
      const loaded = loadConfig(main, environment)
      if (loaded.kind === 'ok') throw new Error('it was accepted')
      return describeProblems(loaded.problems)
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

test('overlays are read in the order of their names, and the last value of each option counts', async (t) => {
  await using etc = await openEtc('os_region_name = main\n[log]\nlevel = warn\n')
  await etc.write('instance-ha.conf.d/20-b.conf', '[DEFAULT]\nos_region_name = second\n')
  await etc.write('instance-ha.conf.d/10-a.conf', '[DEFAULT]\nos_region_name = first\nhost = a\n')
  const { config, given } = etc.load()
  t.is(config.compute.region, 'second')
  t.is(config.node.name, 'a')
  t.is(config.node.logLevel, 'warn')
  const from = (name: string) => given.find((each) => each.name === name)?.from
  t.regex(from('DEFAULT.os_region_name') ?? '', /20-b\.conf, line 2$/)
  t.regex(from('DEFAULT.host') ?? '', /10-a\.conf, line 3$/)
})

test('a repeated option of an overlay replaces all its lines in the main file', async (t) => {
  await using etc = await openEtc('[oslo_policy]\npolicy_dirs = a\npolicy_dirs = b\n')
  await etc.write('instance-ha.conf.d/x.conf', '[oslo_policy]\npolicy_dirs = c\n')
  t.deepEqual(etc.load().config.api.policyDirs, [join(etc.directory, 'c')])
})

test('another spelling in a later file overrides the preferred one in an earlier file', async (t) => {
  await using etc = await openEtc()
  await etc.write('instance-ha.conf.d/x.conf', '[keystone_authtoken]\nadmin_password = later\n')
  t.is(etc.load().config.identity.password?.reveal(), 'later')
})

test('files that are not overlays are ignored, whatever is in them', async (t) => {
  await using etc = await openEtc()
  const names = ['x.conf~', '.x.conf', '.x.conf.swp', '#x.conf#', 'x.conf.dpkg-old', 'README']
  for (const name of names) await etc.write(`instance-ha.conf.d/${name}`, 'no INI at all', 0o666)
  await mkdir(join(etc.directory, 'instance-ha.conf.d', 'y.conf'))
  t.notThrows(() => etc.load())
})

test('a folder of links, as Kubernetes mounts it, is read', async (t) => {
  await using etc = await openEtc()
  const folder = join(etc.directory, 'instance-ha.conf.d')
  await mkdir(join(folder, '..2026'))
  await etc.write('instance-ha.conf.d/..2026/x.conf', '[log]\nlevel = error\n')
  await symlink('..2026', join(folder, '..data'))
  await symlink('..data/x.conf', join(folder, 'x.conf'))
  await rename(folder, join(etc.directory, 'mounted'))
  await symlink('mounted', folder)
  t.is(etc.load().config.node.logLevel, 'error')
  await chmod(join(etc.directory, 'mounted'), 0o777)
  t.regex(etc.refused(), /the folder of overlays .* every user of this machine can change it/)
})

test('a broken overlay is an error that names the file and the line', async (t) => {
  await using etc = await openEtc()
  await etc.write('instance-ha.conf.d/x.conf', '[log]\nlevel = loud\nwhat\n')
  const problems = etc.refused()
  t.regex(problems, /x\.conf, line 3: expected option = value/)
  t.regex(problems, /\[log\] level = "loud": must be one of .* \(.*x\.conf, line 2\)/)
})

test('an overlay that others can change, that leads nowhere or is too long is refused', async (t) => {
  await using etc = await openEtc()
  const path = await etc.write('instance-ha.conf.d/x.conf', '', 0o666)
  t.regex(etc.refused(), /x\.conf cannot be used: every user of this machine can change it/)
  await chmod(path, 0o600)
  await symlink('nowhere', join(etc.directory, 'instance-ha.conf.d', 'y.conf'))
  t.regex(etc.refused(), /cannot read .*y\.conf: ENOENT/)
  await etc.write('instance-ha.conf.d/nowhere', '#'.repeat(1_048_577))
  t.regex(etc.refused(), /y\.conf is longer than 1048576 bytes/)
})

test('every secret can be in a file, without the line end after it', async (t) => {
  await using etc = await openEtc()
  for (const [content, value] of [
    ['s3$cret; #1\n', 's3$cret; #1'],
    ['s3cret\r\n', 's3cret'],
    ['no end', 'no end'],
    [' blanks stay ', ' blanks stay '],
  ] as const) {
    await etc.write('secret', content)
    await etc.write('instance-ha.conf.d/x.conf', '[bus]\nuser = ha\npassword_file = secret\n')
    const { config, given } = etc.load()
    t.is(config.bus.password?.reveal(), value)
    t.false(JSON.stringify(given).includes(value), 'its content is shown nowhere')
  }
})

test('a URL with a password in it can be in a file', async (t) => {
  await using etc = await openEtc()
  await etc.write('db', 'mysql+pymysql://ha:p%40s$s@db/ha\n')
  await etc.write('mq', 'rabbit://ha:p@mq:5672/nova\n')
  const text = '[database]\nconnection_file = db\n[bridge]\ntransport_url_file = mq\n'
  await etc.write('instance-ha.conf.d/x.conf', text)
  const { store, bridge } = etc.load().config
  if (store.location.kind !== 'mysql') return t.fail()
  t.is(store.location.password.reveal(), 'p@s$s')
  t.is(bridge.brokers?.urls[0].reveal(), 'amqp://ha:p@mq:5672/nova')
})

test('an option and its file at once are an error that names both', async (t) => {
  await using etc = await openEtc()
  await etc.write('secret', 'content-of-it')
  await etc.write('instance-ha.conf.d/x.conf', '[keystone_authtoken]\npassword_file = secret\n')
  const problems = etc.refused()
  t.regex(
    problems,
    /\[keystone_authtoken\] password_file: \[keystone_authtoken\] password is set, too \(.*instance-ha\.conf, line \d+\): give only one of them \(.*x\.conf, line 2\)/,
  )
  t.false(problems.includes('content-of-it'))
})

test('the file of a secret is bounded and trusted, and its content is in no error', async (t) => {
  await using etc = await openEtc('[bus]\nuser = ha\npassword_file = secret\n')
  for (const [content, mode, expected] of [
    ['h1dden', 0o602, /every user of this machine can change it/],
    ['h1dden\nsecond line\n', 0o600, /the content of .*secret: must be one line/],
    ['', 0o600, /secret is empty/],
    ['\n', 0o600, /secret is empty/],
    ['h'.repeat(65_537), 0o600, /longer than 65536 bytes/],
  ] as const) {
    await etc.write('secret', content, mode)
    const problems = etc.refused()
    t.regex(problems, expected)
    t.false(problems.includes('h1dden'))
  }
  await etc.write('instance-ha.conf.d/x.conf', '[bus]\npassword_file = .\n')
  t.regex(etc.refused(), /is not a file/)
})

test('a file of a secret that everybody can read is remarked', async (t) => {
  await using etc = await openEtc('[bus]\nuser = ha\npassword_file = secret\n')
  await etc.write('secret', 'x', 0o644)
  t.regex(etc.load().notes.join('\n'), /secret can be read by every user of this machine/)
})

test('no name of a twin is the name of another option', (t) => {
  const options = Object.values<OptionGroup>(OPTIONS).flatMap((group) => Object.values(group))
  const declared = new Set(options.flatMap(({ names }) => names))
  const twins = options.filter(holdsSecret).flatMap(({ names }) => names.map(fileTwin))
  t.deepEqual(
    twins.filter((name) => declared.has(name)),
    [],
  )
  t.true(twins.includes('database.connection_file'))
})

test('every option can be given in the environment, and counts over every file', async (t) => {
  await using etc = await openEtc()
  await etc.write('instance-ha.conf.d/x.conf', '[log]\nlevel = warn\n')
  await etc.write('secret', 'from a file')
  const { config, given } = etc.load({
    INSTANCE_HA_LOG__LEVEL: 'error',
    INSTANCE_HA_DEFAULT__HOST: 'here',
    INSTANCE_HA_KEYSTONE_AUTHTOKEN__PASSWORD: 'e',
    INSTANCE_HA_BUS__USER: 'ha',
    INSTANCE_HA_BUS__PASSWORD_FILE: 'secret',
  })
  t.is(config.node.logLevel, 'error')
  t.is(config.node.name, 'here')
  t.is(config.identity.password?.reveal(), 'e')
  t.is(config.bus.password?.reveal(), 'from a file')
  t.is(
    given.find(({ name }) => name === 'log.level')?.from,
    'INSTANCE_HA_LOG__LEVEL of the environment',
  )
})

test('each option has a variable of its own', (t) => {
  const names = Object.values<OptionGroup>(OPTIONS)
    .flatMap((group) => Object.values(group))
    .flatMap(spellingsOf)
  const distinct = new Set(names)
  t.is(new Set([...distinct].map(variableOf)).size, distinct.size)
})

test('a variable of ours that names no option is an error with the nearest name', async (t) => {
  await using etc = await openEtc()
  for (const [variable, expected] of [
    ['INSTANCE_HA_DATABASE__CONECTION', /did you mean INSTANCE_HA_DATABASE__CONNECTION\?/],
    ['INSTANCE_HA_DATABASE_CONNECTION', /did you mean INSTANCE_HA_DATABASE__CONNECTION\?/],
    ['INSTANCE_HA_NOBODY__KNOWS_THIS_ONE', /write INSTANCE_HA_<SECTION>__<OPTION>/],
  ] as const) {
    const problems = etc.refused({ [variable]: 'v4lue' })
    t.true(problems.startsWith(`${variable} of the environment: there is no such option; `))
    t.regex(problems, expected)
    t.false(problems.includes('v4lue'))
  }
})

test("variables of others are ignored, and oslo's name of an option is remarked", async (t) => {
  await using etc = await openEtc()
  const { config, notes } = etc.load({
    INSTANCE_HA_API_SERVICE_HOST: '10.0.0.1', // Kubernetes, for a service of this name
    INSTANCE_HA_API_PORT: 'tcp://10.0.0.1:15868',
    OS_AUTH_URL: 'http://other',
    OS_LOG__LEVEL: 'error',
  })
  t.is(config.node.logLevel, 'info')
  t.true(notes.includes('OS_LOG__LEVEL has no effect: it is INSTANCE_HA_LOG__LEVEL here'))
})

test('a value of the environment that does not fit names its variable', async (t) => {
  await using etc = await openEtc()
  t.regex(
    etc.refused({ INSTANCE_HA_FENCE__DEADLINE: 'soon' }),
    /\[fence\] deadline = "soon": must be seconds .* \(INSTANCE_HA_FENCE__DEADLINE of the environment\)/,
  )
})
