/** The command trace: the story of a recovery from what the store has, in the order of its times. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { evidenceOf } from '../../../actors/dedup-window/incident.ts'
import { nodeName } from '../../../schema/ids.ts'
import { runCommandLine } from '../../../ops/command-line/main.ts'
import { suspicionIn } from '../../../ops/story/suspicion-in.ts'
import { openSqliteStore } from '../../../transports/sql/sqlite.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { engineConfig } from '../../support/config-text.ts'
import { temporaryDirectory } from '../../support/process.ts'
import {
  accepted,
  hostFields,
  hostStopped,
  segmentFields,
  SetClock,
} from '../../support/store-world.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

/** A store in a file, with a host whose recovery has ended. */
async function installation() {
  const directory = await temporaryDirectory('trace')
  const config = join(directory.path, 'ha.conf')
  await writeFile(config, engineConfig(directory.path), { mode: 0o600 })
  const clock = new SetClock()
  const random = new SystemRandom()
  await using store = openSqliteStore(join(directory.path, 'store.db'), { clock, random })
  await store.migrate()
  const { uuid: segment } = await store.createSegment(segmentFields('zone-a'))
  const host = await store.createHost(segment, hostFields('compute-1'))
  const suspectedAt = clock.wall
  clock.wall += 2000
  const { uuid } = await accepted(store, hostStopped(host.name, clock.wall))
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  const about = { notification: uuid, subject: host.name }
  const [detail = ''] = evidenceOf([
    {
      observer: 'monitor-1',
      state: 'dead',
      evidence: ['\u001b[31mno answer'],
      seenAtWallMs: clock.wall,
      doubt: { sinceWallMs: suspectedAt, trace: TRACE },
    },
  ])
  const transition = { notification: uuid, from: ['new', 'running'] as const, reason: 'why not' }
  await store.recordTransition(epoch, { ...transition, to: 'running' })
  await store.appendJournal(epoch, { ...about, kind: 'evidence', step: 'observe', detail })
  clock.wall += 3000
  await store.saveCertificate({
    notification: uuid,
    host: host.uuid,
    epoch,
    issuedAt: clock.wall,
    ground: 'power-off-confirmed',
    evidence: ['the BMC reads off'],
  })
  clock.wall += 5000
  await store.recordTransition(epoch, { ...transition, to: 'finished' })
  const run = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, ['ops/cli.ts', 'trace', ...args, '--config', config])
  return {
    uuid,
    config,
    run,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

test('the suspicion that evidence tells of is read back', (t) => {
  const doubt = { sinceWallMs: 1_796_036_967_062, trace: TRACE }
  const said = { observer: 'a: b', state: 'dead' as const, seenAtWallMs: 0 }
  const [first = '', second = ''] = evidenceOf([{ ...said, evidence: ['x', 'y'], doubt }])
  t.deepEqual(suspicionIn(first), { observer: 'a: b', ...doubt })
  t.is(suspicionIn(second), undefined)
  const [untraced = ''] = evidenceOf([
    { ...said, evidence: [], doubt: { ...doubt, trace: undefined } },
  ])
  t.deepEqual(suspicionIn(untraced), { observer: 'a: b', ...doubt, trace: undefined })
  t.is(suspicionIn('monitor-1: dead: ssh is silent'), undefined)
})

test.serial(
  'a recovery is told from the first suspicion to its end, by id, trace id or host',
  async (t) => {
    await using installed = await installation()
    const { stdout } = await installed.run(installed.uuid)
    t.regex(stdout, /^COMPUTE_HOST of compute-1: finished: why not\n/)
    const steps = stdout.split('\n').flatMap((line) => /\+\S+ s {2}(\w+)/.exec(line)?.[1] ?? [])
    t.deepEqual(steps, ['suspected', 'reported', 'decided', 'evidence', 'certified', 'decided'])
    t.regex(stdout, new RegExp(String.raw`\+0\.0 s  suspected  monitor-1 .*trace ${TRACE}`))
    t.regex(
      stdout,
      /\+5\.0 s {5}\+3\.0 s {2}certified {2}compute-1 is certainly dead: power-off-confirmed/,
    )
    t.regex(stdout, /suspected → reported 2\.0 s → decided 0\.0 s → certified 3\.0 s/)
    t.notRegex(stdout, /[^\P{C}\n]/u)
    for (const name of [installed.uuid.replaceAll('-', ''), 'compute-1']) {
      t.is((await installed.run(name, '--follow')).stdout, stdout)
    }
  },
)

test.serial('what is not there, and what cannot be used, is refused', async (t) => {
  await using installed = await installation()
  t.is(await runCommandLine(['trace', 'nobody', '--config', installed.config]), 1)
  t.is(
    await runCommandLine([
      'trace',
      'ffffffff-77b3-4da6-a3ce-929d0e0e4736',
      '--config',
      installed.config,
    ]),
    1,
  )
  t.is(await runCommandLine(['trace', '--config', installed.config]), 2)
  t.is(await runCommandLine(['trace', 'one', 'two', '--config', installed.config]), 2)
  t.is(await runCommandLine(['trace', 'compute-1']), 2)
})
