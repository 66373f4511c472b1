/** A process whose event loop stands still is killed, and one that was only stopped or suspended is not. */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { STALL_MAX_MS } from '../../../ops/watchdog/event-loop.ts'
import { LEASE } from '../../../schema/config/node.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { until } from '../../support/until.ts'

const LIMIT_MS = 3000

/** Starts the process, and ends it with the spec. */
function start(way: string, stderr: 'pipe' | number = 'pipe') {
  const child = spawn(
    process.execPath,
    ['spec/support/stalling-process.ts', way, String(LIMIT_MS)],
    { stdio: ['ignore', 'pipe', stderr] },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => void (output += chunk.toString()))
  }
  const { promise: ended, resolve } = Promise.withResolvers<NodeJS.Signals | null>()
  child.once('exit', (_status, signal) => resolve(signal))
  return {
    child,
    ended,
    output: () => output,
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

test.serial(
  'a process that stands still for ever is killed, and its last line says why',
  async (t) => {
    using stalling = start('for ever')
    t.is(await stalling.ended, 'SIGKILL')
    t.regex(
      stalling.output(),
      /"level":"error".*"msg":"the event loop of this process stands still/,
    )
  },
)

test.serial('it is killed, too, when nobody reads its last line', async (t) => {
  await using directory = await temporaryDirectory('stall')
  const pipe = join(directory.path, 'stderr')
  execFileSync('mkfifo', [pipe])
  // Both ends are open, and nobody reads.
  const held = openSync(pipe, constants.O_RDWR)
  using stalling = start('on its output', held)
  closeSync(held)
  const kept = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  t.is(await stalling.ended, 'SIGKILL')
  closeSync(kept)
})

test.serial('a shorter stall is a line of the log, and the process goes on', async (t) => {
  using stalling = start('for a while')
  await until('it has told', () => stalling.output().includes('stood still'))
  const told = stalling.output().length
  await until('it turns', () => stalling.output().slice(told).includes('turns'))
  t.is(stalling.child.exitCode, null)
})

test.serial('a process that was stopped for longer is not killed when it goes on', async (t) => {
  using stopped = start('not at all')
  await until('it turns', () => stopped.output().includes('turns'))
  stopped.child.kill('SIGSTOP')
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, 2 * LIMIT_MS)
  await promise
  const before = stopped.output().length
  stopped.child.kill('SIGCONT')
  await until('it tells', () => stopped.output().includes('was stopped or suspended'))
  await until('it turns', () => stopped.output().slice(before).includes('turns'))
  t.false(stopped.output().includes('stands still'))
})

test('the limit is longer than a lease lasts by default, and shorter than the watchdog of systemd', (t) => {
  const [, seconds] =
    /^WatchdogSec=(\d+)$/m.exec(readFileSync('ops/systemd/instance-ha.service', 'utf8')) ?? []
  t.true(STALL_MAX_MS > Number(LEASE.ttlMs.default) * 1000)
  t.true(STALL_MAX_MS < Number(seconds) * 1000)
})
