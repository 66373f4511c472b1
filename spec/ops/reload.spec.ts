/**
 * SIGHUP on real processes: passwords of Keystone, MariaDB and NATS are rotated in the middle of
 * recoveries, and nothing is restarted, lost or repeated.
 */
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { startServer } from '../support/process.ts'
import { engineConfig } from '../support/config-text.ts'
import { storeUrl, type ProductProcess } from '../support/product.ts'
import { openProductWorld, type Loss, type ProductWorld } from '../support/product-world.ts'
import { temporaryDirectory } from '../support/process.ts'
import { finishesOnce, loseInTheMiddle } from '../support/losses.ts'
import { until } from '../support/until.ts'
import { Secret } from '../../schema/control-attributes.ts'

const staging = new AsyncDisposableStack()
let world: ProductWorld
let engine: ProductProcess
let gateway: ProductProcess

test.before(async () => {
  world = staging.use(await openProductWorld({ login: 'password' }))
  engine = await world.start('engine-1', 'engine')
  gateway = await world.start('gateway-1', 'gateway')
  await world.register()
  world.http.cloud.setNova({ rebuildMs: [1500, 3000] })
})
test.after.always(async () => await staging.disposeAsync())

/** Writes the overlay of a process and sends SIGHUP; resolves when the process has said what it did. */
async function reload(process: ProductProcess, name: string, text: string): Promise<string> {
  const folder = `${process.file}.d`
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, name), text, { mode: 0o600 })
  return await hangUp(process)
}

const ANSWER = /the configuration was read again|the changed configuration cannot be used/g

async function hangUp(process: ProductProcess): Promise<string> {
  const before = process.output().length
  process.signal('SIGHUP')
  const since = (): string => process.output().slice(before)
  await until('it answers the signal', () => since().search(ANSWER) >= 0)
  return since()
}

const inTheMiddle = (host: string): Promise<Loss> => loseInTheMiddle(world, host)

async function finishesInPlace(t: ExecutionContext, loss: Loss): Promise<void> {
  await finishesOnce(t, world, loss)
  for (const process of [engine, gateway]) {
    t.is(process.exitStatus(), null, 'it was not restarted')
    for (const secret of ['r0tated', 'correct horse 2']) t.false(process.output().includes(secret))
  }
}

const ACCOUNT = (password: string): string => `[DEFAULT]
os_privileged_user_password = ${password}
[keystone_authtoken]
password = ${password}
`

test.serial('a rotated password of Keystone is taken in the middle of a recovery', async (t) => {
  t.timeout(120_000)
  const { keystone } = world.http
  const loss = await inTheMiddle('compute-01')
  keystone.rotate('r0tated-keystone', [world.rest.token])
  for (const process of [engine, gateway]) {
    const said = await reload(process, '10-keystone.conf', ACCOUNT('r0tated-keystone'))
    t.regex(said, /"taken":\[.*\[DEFAULT\] os_privileged_user_password/)
    t.notRegex(said, /need a restart/)
  }
  await finishesInPlace(t, loss)
})

test.serial('a rotated password of MariaDB is taken in the middle of a recovery', async (t) => {
  t.timeout(120_000)
  const { mariadb } = world
  const loss = await inTheMiddle('compute-02')
  await mariadb.rotate('correct horse 2')
  await mariadb.disconnect()
  const rotated = { ...mariadb, password: new Secret('correct horse 2') }
  const text = `[database]\nconnection = ${storeUrl(rotated, 'specs_1')}\n`
  for (const process of [engine, gateway]) {
    t.regex(await reload(process, '20-db.conf', text), /"taken":\["\[database\] connection"\]/)
  }
  await finishesInPlace(t, loss)
})

test.serial('a rotated password of NATS is taken in the middle of a recovery', async (t) => {
  t.timeout(120_000)
  const { nats } = world
  const loss = await inTheMiddle('compute-03')
  await nats.stop()
  await nats.restart({ password: 'r0tated-nats' })
  for (const process of [engine, gateway]) {
    const said = await reload(process, '30-nats.conf', '[bus]\npassword = r0tated-nats\n')
    t.regex(said, /"taken":\["\[bus\] password"\]/)
  }
  await until('the gateway is on the bus again', async () => !('bus' in (await world.unready())))
  await finishesInPlace(t, loss)
})

test.serial('a broken file keeps the old configuration, and says so', async (t) => {
  const said = await reload(gateway, '40-broken.conf', '[log]\nlevel = error\nwhat\n')
  t.regex(said, /"level":"error".*40-broken\.conf, line 3.*the old one stays in force/)
  await rm(join(`${gateway.file}.d`, '40-broken.conf'))
  t.regex(await hangUp(gateway), /"level":"info".*"taken":\[\]/, 'info is still written')
})

test.serial('the policy file is read again, and a broken one changes nothing', async (t) => {
  const policy = join(dirname(gateway.file), 'policy.yaml')
  const reader = { 'X-Auth-Token': world.http.keystone.issue('reader') }
  const status = async (): Promise<number> =>
    (await fetch(`${world.url}/v1/segments`, { headers: reader })).status
  t.is(await status(), 200)
  await writeFile(policy, '"os_masakari_api:segments:index": "!"\n', { mode: 0o600 })
  await hangUp(gateway)
  t.is(await status(), 403)
  await writeFile(policy, '"os_masakari_api:segments:index": "("\n')
  t.regex(await hangUp(gateway), /policy\.yaml.*the old one stays in force/)
  t.is(await status(), 403)
  await rm(policy)
  await hangUp(gateway)
  t.is(await status(), 200)
})

test.serial('what needs a restart is named in one line, and the log level is taken', async (t) => {
  const text = '[host]\nmonitoring_interval = 7\n[bus]\ncloud = other\n[log]\nlevel = warn\n'
  await mkdir(`${engine.file}.d`, { recursive: true })
  await writeFile(join(`${engine.file}.d`, '50-more.conf'), text, { mode: 0o600 })
  const before = engine.output().length
  engine.signal('SIGHUP')
  const since = (): string => engine.output().slice(before)
  await until('it answers', () => since().includes('need a restart'))
  t.regex(
    since(),
    /"options":\["\[bus\] cloud","\[host\] monitoring_interval"\].*these changed options need a restart/,
  )
  t.notRegex(since(), /"level":"info"/, 'the level is taken before anything is said')
})

test('the first process of a container takes SIGHUP, and ends at SIGTERM', async (t) => {
  if (spawnSync('unshare', ['--pid', '--fork', 'true']).status !== 0) {
    throw new Error('unshare --pid needs root: run the specs as root')
  }
  await using directory = await temporaryDirectory('first')
  const file = join(directory.path, 'instance-ha.conf')
  await writeFile(file, engineConfig(directory.path), { mode: 0o600 })
  const program = [process.execPath, 'ops/cli.ts', 'run', '--config', file]
  await using first = await startServer({
    command: 'unshare',
    args: ['--pid', '--fork', '--kill-child', ...program],
    ready: /instance-ha runs/,
  })
  const children = await readFile(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8')
  const pid = Number(children.trim())
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  t.regex(status, /^NSpid:\t\d+(\t\d+)*\t1$/m, 'it is the first process of its namespace')
  await writeFile(
    file,
    `${engineConfig(directory.path)}[log]\nlevel = warn\n[fence]\ndeadline = 41\n`,
  )
  process.kill(pid, 'SIGHUP')
  await until('it answers', () => first.output().includes('need a restart'))
  process.kill(pid, 'SIGTERM')
  await first.ended
  t.is(first.exitStatus(), 0)
})
