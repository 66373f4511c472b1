/** The commands that operators type: a segment's policy, and a command for a host. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { runCommandLine } from '../../ops/command-line/main.ts'
import { changePolicy, describePolicy } from '../../ops/config/parse-policy.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { engineConfig } from '../support/config-text.ts'
import { temporaryDirectory } from '../support/process.ts'
import {
  accepted,
  hostFields,
  hostStopped,
  segmentFields,
  SetClock,
} from '../support/store-world.ts'

const LADDER = 'fence=bmc:20,fence_apc:30.5,command/ceph-blocklist:30,operator:3600'

test('a policy is read, and written as it was read', (t) => {
  const parsed = changePolicy({}, [LADDER, 'trust_reports=yes'])
  if (parsed.kind === 'problem') return t.fail(parsed.text)
  const { choices } = parsed
  t.deepEqual(choices, {
    rungs: [
      { kind: 'bmc', limitMs: 20_000 },
      { kind: 'agent', name: 'fence_apc', limitMs: 30_500 },
      { kind: 'command', name: 'ceph-blocklist', limitMs: 30_000 },
      { kind: 'operator', limitMs: 3_600_000 },
    ],
    trustReports: true,
  })
  const policy = {
    rungs: choices.rungs ?? [],
    trustReports: false,
    returnToService: 'operator' as const,
    hostsMax: 2,
    shareMax: 0.5,
    instanceRebuild: 'forbid' as const,
    instanceDisks: 'shared' as const,
    rebuildLocal: 'forbid' as const,
    deadDomain: 'hosts' as const,
  }
  t.is(
    describePolicy(policy, { rungs: policy.rungs.slice() }),
    `${LADDER}\ntrust_reports=no  (default)\nreturn=operator  (default)\nmax_hosts=2  (default)\nmax_hosts_share=0.5  (default)\nrebuild_instances=forbid  (default)\ninstance_disks=shared  (default)\nrebuild_local=forbid  (default)\ndead_domain=hosts  (default)\n`,
  )
  t.deepEqual(changePolicy(choices, ['fence=default']), {
    kind: 'ok',
    choices: { trustReports: true },
  })
})

for (const command of [
  'fence=',
  'fence=bmc',
  'fence=bmc:0',
  'fence=bmc:20,',
  'fence=telnet:20',
  'fence=fence_../../bin/sh:20',
  'fence=command/../../bin/sh:20',
  'fence=operator:99999999',
  'trust_reports=maybe',
  'return=never',
  'max_hosts=-1',
  'max_hosts_share=2',
  'rebuild_instances=yes',
  'colour=blue',
  'trust_reports',
  '=yes',
]) {
  test(`${command} is refused, and named`, (t) => {
    const parsed = changePolicy({}, [command])
    t.is(parsed.kind, 'problem')
    if (parsed.kind === 'problem') t.true(parsed.text.startsWith(`${command}:`), parsed.text)
  })
}

test('misspelt choice is refused with the nearest known name', (t) => {
  const parsed = changePolicy({}, ['max_host=3'])
  t.deepEqual(parsed, {
    kind: 'problem',
    text: 'max_host=3: there is no such choice; did you mean max_hosts?',
  })
})

test('misspelt command and misspelt kind of command are refused with the nearest known name', async (t) => {
  for (const [args, sentence] of [
    [['paus', 'compute-1', '--by', 'a', '--reason', 'b'], /mean pause\? /m],
    [['polcy', 'zone-a'], /there is no command 'polcy'; did you mean policy\? /m],
  ] as const) {
    const run = promisify(execFile)(process.execPath, ['ops/cli.ts', ...args])
    const error = await t.throwsAsync<Error & { readonly code: number; readonly stderr: string }>(
      run,
    )
    t.is(error?.code, 2)
    t.regex(error?.stderr ?? '', sentence)
  }
})

/** A configuration with a store that has one host. */
async function installation() {
  const directory = await temporaryDirectory('operators')
  const database = join(directory.path, 'store.db')
  const config = join(directory.path, 'ha.conf')
  await writeFile(config, engineConfig(directory.path), { mode: 0o600 })
  const clock = new SetClock()
  const store = openSqliteStore(database, { clock, random: new SystemRandom() })
  await store.migrate()
  const segment = await store.createSegment(segmentFields('zone-a'))
  await store.createHost(segment.uuid, hostFields('compute-1'))
  return {
    config: ['--config', config],
    store,
    clock,
    segment: segment.uuid,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

test.serial(
  'policy changes the stored policy of a segment, by name or uuid, only when it is valid',
  async (t) => {
    await using installed = await installation()
    const { config, store, segment } = installed
    t.is(await runCommandLine(['policy', 'zone-a', 'trust_reports=yes', ...config]), 0)
    t.is(await runCommandLine(['policy', segment, 'fence=operator:60', ...config]), 0)
    const choices = { rungs: [{ kind: 'operator', limitMs: 60_000 } as const], trustReports: true }
    t.deepEqual(await store.getPolicy(segment), choices)
    t.is(await runCommandLine(['policy', 'zone-a', ...config]), 0)
    t.is(
      await runCommandLine(['policy', 'zone-a', 'trust_reports=default', 'fence=never', ...config]),
      2,
    )
    t.is(await runCommandLine(['policy', 'zone-b', ...config]), 2)
    t.deepEqual(await store.getPolicy(segment), choices)
  },
)

test.serial(
  'confirm-dead stores an operator command for the open recovery of a host',
  async (t) => {
    await using installed = await installation()
    const { config, store, clock } = installed
    const args = ['compute-1', '--by', 'alice', '--reason', 'no power', ...config]
    t.is(await runCommandLine(['confirm-dead', ...args]), 1, 'nothing is going on yet')
    const { uuid } = await accepted(store, hostStopped('compute-1', clock.wall))
    t.is(await runCommandLine(['confirm-dead', ...args]), 0)
    t.like((await store.listCommands(uuid))[0], {
      kind: 'confirm-dead',
      operator: 'alice',
      reason: 'no power',
    })
    t.is(await runCommandLine(['confirm-dead', ...args.slice(0, 3)]), 2, 'a command needs a reason')
    t.is(await runCommandLine(['approve', ...args, 'compute-2']), 2)
  },
)

test.serial(
  'commands pause, resume, cancel and retry a recovery, and stop everything',
  async (t) => {
    await using installed = await installation()
    const { config, store, clock } = installed
    const { uuid } = await accepted(store, hostStopped('compute-1', clock.wall))
    const why = ['--by', 'alice', '--reason', 'so', ...config]
    t.is(await runCommandLine(['pause', 'compute-1', ...why]), 0)
    t.is(await runCommandLine(['pause', 'compute-1', ...why]), 1, 'it is paused already')
    t.is(await runCommandLine(['resume', uuid, ...why]), 0, 'a recovery may be named, too')
    t.is(await runCommandLine(['stop', ...why]), 0)
    t.is((await store.listUnfinished())[0]?.control.kind, 'stopped')
    t.is(await runCommandLine(['release', ...why]), 0)
    t.is(await runCommandLine(['release', ...why]), 1, 'nothing is stopped')
    t.is(await runCommandLine(['stop', 'compute-1', ...why]), 2)
    t.is(await runCommandLine(['retry', 'compute-1', ...why]), 1, 'it has not ended')
    t.is(await runCommandLine(['cancel', 'compute-1', ...why]), 0)
    t.is((await store.listUnfinished())[0]?.control.kind, 'cancelled')
  },
)
