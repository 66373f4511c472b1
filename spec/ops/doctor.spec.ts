/** The doctor: each of its checks well, and broken once. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { compareClocks } from '../../ops/doctor/check-clock.ts'
import { checkDatabase } from '../../ops/doctor/check-database.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { generateKeyPair } from '../../transports/ssh/key-pair.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { openVault } from '../../transports/vault/vault.ts'
import { LEAST_CONFIG, readText } from '../support/config-text.ts'
import { command } from '../support/command.ts'
import { startHttpCloud } from '../support/http-cloud.ts'
import { silentLog } from '../support/logs.ts'
import { startMariadb } from '../support/mariadb.ts'
import { clusterProgram, whereClustersRun } from '../support/nats-cluster.ts'
import { startNats } from '../support/nats.ts'
import { freePort, temporaryDirectory } from '../support/process.ts'
import { configurationOf } from '../support/product.ts'
import { startRedfishBmc } from '../support/redfish-bmc.ts'
import { startSshd } from '../support/sshd.ts'
import { hostFields, segmentFields } from '../support/store-world.ts'

/** A whole world: a cloud, a bus with a password, a database with one registered host. */
async function site() {
  await using stack = new AsyncDisposableStack()
  const cloud = stack.use(await startHttpCloud({ segments: 1, hostsPerSegment: 1, instances: 0 }))
  const nats = stack.use(await startNats({ password: 'right' }))
  const directory = stack.use(await temporaryDirectory('doctor'))
  const state = join(directory.path, 'state')
  await mkdir(state, { mode: 0o700 })
  const pair = generateKeyPair()
  await writeFile(join(state, 'id_ed25519'), pair.private, { mode: 0o600 })
  const sshd = stack.use(await startSshd({ authorizedKey: pair.public }))
  const bmc = stack.use(await startRedfishBmc())
  const store = stack.use(
    openVault(
      openSqliteStore(join(state, 'store.db'), {
        clock: new SystemClock(),
        random: new SystemRandom(),
      }),
      join(state, 'credentials.key'),
      silentLog,
    ).store,
  )
  await store.migrate()
  const segment = await store.createSegment(segmentFields('zone-a'))
  const { settings } = bmc
  const controlAttributes = JSON.stringify({
    redfish: {
      url: settings.url,
      username: settings.username,
      password: settings.password.reveal(),
      fingerprint: settings.fingerprints[0],
    },
    ssh: { host: '127.0.0.1', port: sshd.settings.port, username: sshd.settings.username },
  })
  const name = cloud.segments[0]?.hosts[0]?.name ?? ''
  await store.createHost(segment.uuid, { ...hostFields(name), controlAttributes })
  const file = join(directory.path, 'ha.conf')
  const text = configurationOf({
    node: 'ctl-1',
    roles: 'engine, gateway',
    account: { ...cloud.keystone.account, authUrl: cloud.keystone.url },
    port: await freePort(),
    store: `sqlite:///${join(state, 'store.db')}`,
    bus: nats.url,
    stateDirectory: state,
    more: '[bus]\nuser = ha\npassword = right\n',
  })
  const parts = stack.move()
  return {
    cloud,
    nats,
    sshd,
    bmc,
    state,
    name,
    /** The verdict of each check, after some of the configuration was replaced. */
    async verdicts(replaced: string | RegExp = '', by = '', ...more: readonly string[]) {
      await writeFile(file, text.replaceAll(replaced === '' ? /$^/g : replaced, by), {
        mode: 0o600,
      })
      const words = ['doctor', '--config', file, '--segment', 'zone-a', '--json', ...more]
      const { status, out, err } = await command(words)
      const found: unknown = JSON.parse(out)
      const list = Array.isArray(found) ? found.map((each) => Object(each)) : []
      const of = (part: string, check: string): string => {
        const one = list.find((each) => each.part === part && each.check === check)
        return one === undefined ? 'not checked' : `${one.verdict}: ${one.detail} → ${one.mend}`
      }
      return { status, of, out: out + err }
    },
    people: async () => {
      await writeFile(file, text, { mode: 0o600 })
      return command(['doctor', '--config', file])
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

test.serial(
  'in a world in which everything is well, every check says so, and nothing is shown of secrets',
  async (t) => {
    await using at = await site()
    const { status, of, out } = await at.verdicts()
    t.is(status, 0, out)
    for (const [part, check] of [
      ['configuration', 'file'],
      ['database', 'tables'],
      ['database', 'credentials'],
      ['bus', 'connection'],
      ['bus', 'subscribe'],
      ['bus', 'stream HA_FAULTS_default'],
      ['Keystone', 'clock'],
      ['Keystone', 'checks tokens'],
      ['Nova', 'role admin'],
      ['Placement', 'rooms'],
      [at.name, 'redfish'],
      [at.name, 'ssh'],
      [at.name, 'nova-compute'],
    ] as const) {
      if (check.startsWith('stream')) t.regex(out, /"check":"stream [^"]+","verdict":"well"/)
      else t.regex(of(part, check), /^well: /, `${part} ${check}`)
    }
    // The distribution's server is 2.9, a later one tells.
    t.regex(of('bus', 'publish'), /^(?:unknown: the server does not tell|well: all \d+ subjects)/)
    t.notRegex(out, /p4ssw0rd|right|unmistakable-token/)
    const people = await at.people()
    t.regex(people.out, /^part +check +verdict +detail +what to do$/m)
    t.regex(people.out, /^Checks: \d+\. Nothing is broken\.$/m)
  },
)

test.serial(
  'a bus that refuses the account, denies a subject, or has no JetStream is named',
  async (t) => {
    await using at = await site()
    const refused = await at.verdicts('password = right', 'password = wrong')
    t.is(refused.status, 1)
    t.regex(
      refused.of('bus', 'connection'),
      /^broken: .*[Aa]uthorization.* → check \[bus\] servers/,
    )
    const denied = { subscribe: ['ha.default.observation.host.>'] }
    await using strict = await startNats({ password: 'right', denied })
    t.regex(
      (await at.verdicts(at.nats.url, strict.url)).of('bus', 'subscribe'),
      /^broken: the server denies ha\.default\.observation\.host\..* → .*bus-permissions/,
    )
    await using plain = await startNats({ jetstream: false, password: 'right' })
    const without = await at.verdicts(at.nats.url, plain.url)
    t.regex(without.out, /"verdict":"broken","detail":"JetStream does not answer"/)
  },
)

whereClustersRun(test)('a server that does not let the account publish is named', async (t) => {
  await using at = await site()
  const program = clusterProgram()
  await using free = await startNats({ password: 'right', program })
  t.regex(
    (await at.verdicts(at.nats.url, free.url)).of('bus', 'publish'),
    /^well: all \d+ subjects that its roles need/,
  )
  const denied = { publish: ['ha.default.leadership.proclaimed.ctl-1', 'x.>'] }
  await using strict = await startNats({ password: 'right', denied, program })
  t.regex(
    (await at.verdicts(at.nats.url, strict.url)).of('bus', 'publish'),
    /^broken: the server denies ha\.default\.leadership\.proclaimed\.ctl-1 → .*bus-permissions/,
  )
})

test.serial(
  'a Keystone that is away or refuses, a Nova that is away, and hosts without room are named',
  async (t) => {
    await using at = await site()
    const wrong = await at.verdicts(
      /^os_privileged_user_password = .*$/gm,
      'os_privileged_user_password = x',
    )
    t.regex(wrong.of('Nova', 'role admin'), /^broken: .*401.* → check name and password/)
    t.regex(wrong.of('Placement', 'rooms'), /^unknown: Nova must be well first/)
    const checking = await at.verdicts(/(\[keystone_authtoken\][^[]*password = ).*$/gm, '$1x')
    t.regex(checking.of('Keystone', 'checks tokens'), /^broken: .* → check \[keystone_authtoken\]/)
    at.cloud.keystone.offer('placement', 'http://127.0.0.1:9')
    t.regex(
      (await at.verdicts()).of('Placement', 'rooms'),
      /^broken: .* → check that the catalogue has Placement/,
    )
    await at.cloud.nova.stop()
    t.regex((await at.verdicts()).of('Nova', 'role admin'), /^broken: /)
    await at.cloud.keystone.stop()
    t.regex(
      (await at.verdicts()).of('Keystone', 'connection'),
      /^broken: .*cannot be reached.* → check .*auth_url/,
    )
  },
)

test.serial('a host whose BMC, SSH or name is wrong is named, with what to do', async (t) => {
  await using at = await site()
  at.bmc.setPower('off')
  t.regex((await at.verdicts()).of(at.name, 'redfish'), /^warning: power is off/)
  await at.bmc.kill()
  await at.sshd.kill()
  const dead = await at.verdicts()
  t.is(dead.status, 1)
  t.regex(
    dead.of(at.name, 'redfish'),
    /^broken: .* → check address, account and privilege of the BMC 127\.0\.0\.1/,
  )
  t.regex(dead.of(at.name, 'ssh'), /^broken: refused: .* → start sshd on the host/)
  await rm(join(at.state, 'id_ed25519'))
  t.regex(
    (await at.verdicts()).of(at.name, 'ssh'),
    /^broken: this node has no key pair yet → .*print-key/,
  )
})

test.serial(
  'a database without its keys, without tables, and a file that cannot be used are named',
  async (t) => {
    await using at = await site()
    await rm(join(at.state, 'credentials.key'))
    const lost = await at.verdicts()
    t.regex(
      lost.of('database', 'credentials'),
      /^broken: there is no key file .* → copy .*credentials\.key from a controller/,
    )
    t.regex(lost.of('segment', 'zone-a'), /^unknown: the database must be well first/)
    await writeFile(join(at.state, 'empty.db'), '')
    const empty = await at.verdicts('store.db', 'empty.db')
    t.regex(
      empty.of('database', 'tables'),
      /^broken: .*not migrated.* → start a gateway or an engine/,
    )
    const absent = await at.verdicts('store.db', 'absent.db')
    t.regex(absent.of('database', 'connection'), /^unknown: .*does not exist yet/)
    const unusable = await at.verdicts('[ssh]', '[lease]\nttl = 1\n[ssh]')
    t.is(unusable.status, 1)
    t.regex(
      unusable.of('configuration', 'file'),
      /^broken: \[lease\] ttl = "1".* → correct the file/,
    )
  },
)

test('a clock that differs by more than three seconds is broken, in words', (t) => {
  t.is(compareClocks(10_000, 12_900), 'agrees with ours to 3 s')
  t.like(compareClocks(10_000, 20_000), {
    verdict: 'broken',
    detail: 'it is 10.0 s behind the clock of this node',
  })
  t.like(compareClocks(20_000, 10_000), { detail: 'it is 10.0 s ahead of the clock of this node' })
})

test.serial(
  'a MariaDB that may lose a committed step or takes no writes is named, and one that is away',
  async (t) => {
    await using server = await startMariadb(['--innodb-flush-log-at-trx-commit=2', '--read-only=1'])
    const { user, password, port } = server
    const { config } = readText(
      LEAST_CONFIG +
        `[database]\nconnection = mysql://${user}:${encodeURIComponent(password.reveal())}@127.0.0.1:${port}/information_schema\n`,
    )
    await using closing = new AsyncDisposableStack()
    const clock = new SystemClock()
    const ambient = { clock, random: new SystemRandom(), log: silentLog, closing }
    const verdicts = async (): Promise<Readonly<Record<string, string>>> => {
      const { findings } = await checkDatabase(config, ambient)
      return Object.fromEntries(findings.map(({ check, verdict }) => [check, verdict]))
    }
    t.deepEqual(await verdicts(), {
      connection: 'well',
      durability: 'broken',
      writes: 'broken',
      clock: 'well',
      tables: 'broken',
    })
    await server.kill()
    t.deepEqual(await verdicts(), { connection: 'broken' })
  },
)
