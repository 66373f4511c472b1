/** A minute of chaos with few hosts, and a promise that is broken on purpose. Without a nats-server that is fit for a cluster, both are left out. */
import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import test from 'ava'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { whereClustersRun } from '../support/nats-cluster.ts'

const RUN_MS_MAX = 900_000

const Summary = Type.Object({
  passed: Type.Boolean(),
  findings: Type.Array(Type.Object({ promise: Type.String(), what: Type.String() })),
  faults: Type.Object({ hosts: Type.Number(), guests: Type.Number() }),
  leaders: Type.Number(),
  logs: Type.String(),
})
const summaries = Compile(Summary)

const chaosTest = whereClustersRun(test)

interface Ended {
  readonly status: unknown
  readonly summary: Static<typeof Summary>
  /** What it said on the way. */
  readonly progress: string
}

function run(...args: readonly string[]): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  const options = { timeout: RUN_MS_MAX, killSignal: 'SIGKILL' } as const
  execFile(process.execPath, ['spec/chaos/chaos.ts', ...args], options, (error, stdout, stderr) => {
    const line = stdout.trimEnd().split('\n').at(-1) ?? ''
    if (line === '') return reject(new Error(`it has ended without a summary: ${stderr}`))
    const summary = summaries.Parse(JSON.parse(line))
    resolve({ status: error === null ? 0 : error.code, summary, progress: stderr })
  })
  return promise
}

chaosTest('a minute of chaos breaks no promise', async (t) => {
  t.timeout(RUN_MS_MAX)
  const size = ['--hosts', '6', '--instances', '60']
  const { status, summary, progress } = await run('--seconds', '60', '--seed', '1', ...size)
  t.deepEqual(summary.findings, [], `the logs are in ${summary.logs}\n${progress}`)
  t.is(status, 0)
  t.true(summary.passed)
  t.true(summary.faults.hosts > 0 && summary.faults.guests > 0)
  t.true(summary.leaders > 1)
  await rm(summary.logs, { recursive: true })
})

chaosTest('an instance that is evacuated a second time is found', async (t) => {
  t.timeout(RUN_MS_MAX)
  const size = ['--hosts', '3', '--instances', '12']
  const sabotage = ['--break', 'second-evacuation']
  const { status, summary } = await run('--seconds', '15', '--seed', '2', ...size, ...sabotage)
  t.is(status, 1)
  t.false(summary.passed)
  t.true(summary.findings.some(({ promise }) => promise === 'one evacuation'))
  await rm(summary.logs, { recursive: true })
})
