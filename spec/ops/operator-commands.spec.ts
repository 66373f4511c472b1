/** The words in which operators write the policy of a segment, and misspelt commands. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { changePolicy, describePolicy } from '../../ops/config/parse-policy.ts'

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
