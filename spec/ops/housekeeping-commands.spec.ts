/** The housekeeping commands, run as operators run them. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { runCommandLine } from '../../ops/command-line/main.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { newKeyLine } from '../../transports/vault/keyring.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { engineConfig } from '../support/config-text.ts'
import { temporaryDirectory } from '../support/process.ts'
import { hostFields, segmentFields, SetClock } from '../support/store-world.ts'

/** A configuration with a store in its own directory. */
async function installation() {
  const directory = await temporaryDirectory('commands')
  const database = join(directory.path, 'store.db')
  const config = join(directory.path, 'ha.conf')
  await writeFile(config, engineConfig(directory.path), { mode: 0o600 })
  return {
    config,
    keyFile: join(directory.path, 'credentials.key'),
    open: (clock = new SetClock()) =>
      openSqliteStore(database, { clock, random: new SystemRandom() }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

test.serial('db-purge deletes what is older than it is told', async (t) => {
  await using installed = await installation()
  await using store = installed.open()
  await store.migrate()
  const { uuid } = await store.createSegment(segmentFields('zone-a'))
  await store.createHost(uuid, hostFields('compute-1'))
  const clock = new SetClock()
  clock.wall = Date.now() - 40 * 86_400_000
  await using past = installed.open(clock)
  await past.deleteSegment(uuid)
  const rows = (): Promise<number> => store.rewriteControlAttributes((stored) => `${stored}.`)
  const purge = (...args: readonly string[]) =>
    runCommandLine(['db-purge', '--config', installed.config, ...args])
  t.is(await purge(), 0)
  t.is(await purge('--age-in-days', '30', '--max-rows', '0'), 0)
  t.is(await rows(), 1)
  t.is(await purge('--age-in-days', '30'), 0)
  t.is(await rows(), 0)
})

test.serial('db-purge refuses an invalid age or number of rows', async (t) => {
  await using installed = await installation()
  for (const args of [
    ['--age-in-days', '0'],
    ['--age-in-days', 'x'],
    ['--max-rows', '1.5'],
  ]) {
    t.is(
      await runCommandLine(['db-purge', '--config', installed.config, ...args]),
      2,
      args.join(' '),
    )
  }
  t.is(await runCommandLine(['db-purge']), 2)
})

test.serial('seal-credentials makes the key file, and follows a new first key', async (t) => {
  await using installed = await installation()
  await using store = installed.open()
  await store.migrate()
  const { uuid } = await store.createSegment(segmentFields('zone-a'))
  await store.createHost(uuid, { ...hostFields('compute-1'), controlAttributes: '{"a": "b"}' })
  const stored = async (): Promise<string> =>
    (await store.listAllHosts())[0]?.controlAttributes ?? ''
  const seal = () => runCommandLine(['seal-credentials', '--config', installed.config])
  t.is(await seal(), 0)
  const first = await stored()
  t.regex(first, /^sealed:v1:/)
  t.is(await seal(), 0)
  t.is(await stored(), first)
  const old = await readFile(installed.keyFile, 'utf8')
  await writeFile(installed.keyFile, `${newKeyLine()}\n${old}`)
  t.is(await seal(), 0)
  const second = await stored()
  t.not(second, first)
  await writeFile(installed.keyFile, newKeyLine())
  t.is(await seal(), 2)
  t.is(await stored(), second)
})

test.serial('both commands are reached from the command line', async (t) => {
  await using installed = await installation()
  const call = (name: string) =>
    promisify(execFile)(process.execPath, ['ops/cli.ts', name, '--config', installed.config])
  t.is((await call('db-purge')).stdout, 'deleted: 0 notifications, 0 hosts, 0 segments\n')
  t.is((await call('seal-credentials')).stdout, 'sealed with the first key: 0 hosts\n')
})
