/** Whether nova-compute is seen, in a /proc of our own making. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { ComputeProcess, readBoot } from '../../../transports/system/compute-process.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { temporaryDirectory } from '../../support/process.ts'

interface Host extends AsyncDisposable {
  readonly clock: VirtualClock
  readonly look: () => Promise<{ readonly compute: string; readonly computeAgeMs: number }>
  start(pid: number, ...command: readonly string[]): Promise<void>
  end(pid: number): Promise<void>
}

async function startHost(kernel: 'kthreadd' | 'sh' = 'kthreadd'): Promise<Host> {
  const directory = await temporaryDirectory('proc')
  const { path } = directory
  const clock = new VirtualClock()
  const compute = new ComputeProcess(clock, path)
  await mkdir(join(path, '2'))
  await writeFile(join(path, '2', 'comm'), `${kernel}\n`)
  await writeFile(join(path, '2', 'cmdline'), '')
  await writeFile(join(path, 'version'), 'Linux')
  return {
    clock,
    look: () => compute.look(),
    start: async (pid, ...command) => {
      await mkdir(join(path, String(pid)))
      await writeFile(join(path, String(pid), 'cmdline'), command.join('\0'))
    },
    end: (pid) => rm(join(path, String(pid)), { recursive: true }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

test('nova-compute runs, is gone, and is found again', async (t) => {
  await using host = await startHost()
  await host.start(50, '/usr/bin/vim', 'nova-compute')
  t.is((await host.look()).compute, 'gone')
  await host.start(51, '/usr/bin/python3.11', '/usr/bin/nova-compute', '--config-file=x')
  t.is((await host.look()).compute, 'gone', 'it is not searched for every time')
  await host.clock.pass(5000, async () => {})
  t.deepEqual(await host.look(), { compute: 'runs', computeAgeMs: 0 })
  await host.end(51)
  t.deepEqual(await host.look(), { compute: 'gone', computeAgeMs: 0 })
  await host.clock.pass(1500, async () => {})
  t.deepEqual(await host.look(), { compute: 'gone', computeAgeMs: 1500 })
})

test('in a container that does not see the processes of the host, nothing is known', async (t) => {
  await using host = await startHost('sh')
  t.is((await host.look()).compute, 'unknown')
})

test('the boot of this machine has an id, the same each time', async (t) => {
  const boot = await readBoot()
  t.regex(boot ?? '', /^[0-9a-f-]{36}$/)
  t.is(await readBoot(), boot)
})
