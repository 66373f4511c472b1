/** Programs of a fence plan end when they must, inherit nothing of ours, and delay nothing. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { spawn } from 'node-pty'
import { fenceProgram, fenceScripts } from '../../support/fence-scripts.ts'
import { startServer } from '../../support/process.ts'
import { until } from '../../support/until.ts'

/** The number that a program wrote into a file, when the file exists. */
async function pidIn(path: string): Promise<string> {
  let pid = ''
  await until(`${path} is written`, async () => {
    pid = (await readFile(path, 'utf8').catch(() => '')).trim()
    return pid !== ''
  })
  return pid
}

async function isGone(pid: string): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z ')
  return state.includes(') Z ')
}

test('a grandchild in its own session that keeps the pipes open delays nothing', async (t) => {
  await using world = await fenceScripts({
    daemon: 'setsid sh -c "echo \\$\\$ > pid; exec sleep 600" & \necho "Status: OFF"; exit 2',
  })
  const startedAt = performance.now()
  t.is(await world.port.read(fenceProgram('daemon', { timeoutMs: 60_000 })), 'off')
  t.true(performance.now() - startedAt < 30_000)
  process.kill(Number(await pidIn(join(world.path, 'pid'))), 'SIGKILL')
})

test("the remaining processes of a program's group end with the program", async (t) => {
  await using world = await fenceScripts({
    leaves: 'sleep 600 & \necho $! > pid; echo "Status: OFF"; exit 2',
  })
  t.is(await world.port.read(fenceProgram('leaves')), 'off')
  const pid = await pidIn(join(world.path, 'pid'))
  await until('it is gone', () => isGone(pid))
})

test('a program inherits nothing of ours, not even an open terminal', async (t) => {
  await using world = await fenceScripts({ lists: 'exec ls -l /proc/self/fd > list' })
  const terminal = spawn('sleep', ['600'], {})
  await t.throwsAsync(world.port.read(fenceProgram('lists')), { code: 'POWER_COMMAND_FAILED' })
  terminal.kill('SIGKILL')
  const list = await readFile(join(world.path, 'list'), 'utf8')
  const targets = [...list.matchAll(/ (\d+) -> (\S+)/g)].map(([, name, target]) => ({
    name,
    target,
  }))
  t.deepEqual(
    targets.map(({ name }) => name),
    ['0', '1', '2', '3'],
    list,
  )
  t.regex(targets[3]?.target ?? '', /^\/proc\/\d+\/fd$/) // the directory that ls reads
})

test('programs and their children end when our process is killed', async (t) => {
  await using world = await fenceScripts({
    stays: 'trap "" TERM HUP INT; sleep 600 & \necho $! > child; echo $$ > pid; wait; sleep 600',
  })
  await using parent = await startServer({
    command: process.execPath,
    args: [join(import.meta.dirname, '../../support/fence-parent.ts'), world.path, 'stays'],
  })
  const pids = [await pidIn(join(world.path, 'pid')), await pidIn(join(world.path, 'child'))]
  for (const pid of pids) t.false(await isGone(pid))
  parent.signal('SIGKILL')
  for (const pid of pids) await until(`${pid} is gone`, () => isGone(pid))
})
