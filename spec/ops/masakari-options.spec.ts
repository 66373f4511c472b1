/** Every option of a masakari.conf: its effect is known, documented, and logged at the start. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { fateOf } from '../../ops/config/fate.ts'
import { parseIni } from '../../ops/config/parse-ini.ts'
import { describeProblems, loadConfig } from '../../ops/load-config.ts'
import type { Config } from '../../schema/config.ts'
import { SUPERSEDED } from '../../schema/config/superseded.ts'
import { WITHOUT_EFFECT } from '../../schema/config/without-effect.ts'
import { makeAuthority } from '../support/certificates.ts'
import { temporaryDirectory } from '../support/process.ts'

/** As kolla-ansible and openstack-ansible render them. */
const FILES = ['kolla-masakari', 'openstack-ansible-masakari'] as const

const textOf = (name: string): Promise<string> =>
  readFile(`spec/fixtures/config/${name}.conf`, 'utf8')

/** Every option of a text, as `section.option`. */
const optionsOf = (text: string): readonly string[] =>
  [...parseIni(text).sections].flatMap(([section, options]) =>
    [...options.keys()].map((name) => `${section}.${name}`),
  )

const titleOf = (option: string): string => option.replace(/^([^.]+)\./, '[$1] ')

/** A row of the page: option, effect, and the preferred spelling or the reason. */
function rowOf(option: string): string {
  const fate = fateOf(option)
  if (fate === undefined) return `| ${titleOf(option)} | unexplained | |`
  if (fate.kind !== 'honoured') return `| ${titleOf(option)} | ${fate.kind} | ${fate.reason} |`
  const spelling = fate.preferred === option ? 'as it is' : `as ${titleOf(fate.preferred)}`
  return `| ${titleOf(option)} | honoured | ${spelling} |`
}

/** Loads one of the files, with the files that it names in our own directory. */
async function load(
  name: (typeof FILES)[number],
): Promise<{ readonly config: Config; readonly notes: readonly string[] }> {
  await using directory = await temporaryDirectory('masakari')
  const at = (file: string): string => join(directory.path, file)
  await makeAuthority(directory.path).issue('masakari', 'DNS:masakari')
  const text = (await textOf(name))
    .replaceAll('/etc/ssl/certs/ca-certificates.crt', at('ca.pem'))
    .replaceAll('/etc/masakari/masakari.', at('masakari.'))
  await writeFile(at('masakari.conf'), text, { mode: 0o600 })
  const loaded = loadConfig(at('masakari.conf'))
  if (loaded.kind === 'invalid') throw new Error(describeProblems(loaded.problems))
  return loaded
}

test('the page says for every option what the code does with it', async (t) => {
  const texts = await Promise.all(FILES.map(textOf))
  const options = new Set([
    ...texts.flatMap(optionsOf),
    ...Object.keys(SUPERSEDED),
    ...Object.keys(WITHOUT_EFFECT),
  ])
  const page = await readFile('ops/docs/masakari-options.md', 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| ['))
  t.deepEqual(rows, [...options].toSorted().map(rowOf))
})

for (const name of FILES) {
  test(`${name}.conf loads, and no option of it is unexplained`, async (t) => {
    const { notes } = await load(name)
    const options = optionsOf(await textOf(name))
    t.deepEqual(
      options.filter((option) => fateOf(option) === undefined),
      [],
    )
    const said = notes.filter((note) => note.includes(' has no effect: '))
    const expected = options.flatMap((option) => {
      const fate = fateOf(option)
      return fate === undefined || fate.kind === 'honoured'
        ? []
        : [`${titleOf(option)} has no effect: ${fate.reason}`]
    })
    t.deepEqual(said, expected)
    t.false(notes.some((note) => note.includes('ignored') || note.includes('hush')))
  })
}

test('an option is either read, or reported as without effect, but not both', (t) => {
  for (const option of [...Object.keys(SUPERSEDED), ...Object.keys(WITHOUT_EFFECT)]) {
    t.not(fateOf(option)?.kind, 'honoured', option)
    t.false(option in SUPERSEDED && option in WITHOUT_EFFECT, option)
  }
})

test('the options of kolla-ansible are in force', async (t) => {
  const { config } = await load('kolla-masakari')
  t.like(config.api, { listen: '127.0.0.1', port: 25_868, trustProxy: true })
  t.true(config.api.policyFile.endsWith('/policy.yaml'))
  t.like(config.compute, { region: 'RegionOne', username: 'nova', userDomainName: 'default' })
  t.like(config.identity, { username: 'masakari', projectName: 'service', authType: 'password' })
  t.like(config.store, { poolSize: 1, location: { kind: 'mysql', host: '192.0.2.10' } })
  t.like(config.events, { drivers: ['messagingv2'] })
  t.like(config.queues, { quorum: true, durable: false })
  t.true(config.rabbit.tls)
})

test('the options of openstack-ansible are in force', async (t) => {
  const { config } = await load('openstack-ansible-masakari')
  t.like(config.identity, { userDomainId: '4e1fd508dda14c6685cf980aee1f00de' })
  t.like(config.compute, { insecure: false, endpoint: { interface: 'admin' } })
  t.like(config.store, { poolSize: 5, poolOverflow: 50 })
  t.like(config.queues, { quorum: true, deliveryLimit: 0, memoryBytes: 0 })
  t.like(config.hostRecovery, { evacuateAll: true, joinAggregates: false })
  t.true(config.serving.useTls)
})

test('a login without a password is refused by name', async (t) => {
  await using directory = await temporaryDirectory('masakari')
  const path = join(directory.path, 'masakari.conf')
  await writeFile(path, '[keystone_authtoken]\nauth_type = v3applicationcredential\n')
  const loaded = loadConfig(path)
  const said = loaded.kind === 'invalid' ? describeProblems(loaded.problems) : ''
  t.regex(said, /auth_type = "v3applicationcredential": must be one of password, v3password/)
})
