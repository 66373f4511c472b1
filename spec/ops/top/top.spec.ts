/** The command top on a real NATS server, in a real pseudo-terminal. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { spawn } from 'node-pty'
import { openSqliteStore } from '../../../transports/sql/sqlite.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { engineConfig } from '../../support/config-text.ts'
import { startNats } from '../../support/nats.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { hostFields, segmentFields } from '../../support/store-world.ts'
import { until } from '../../support/until.ts'

const PATIENCE_MS = 60_000

/** A server, and a store with one host. */
async function site() {
  await using stack = new AsyncDisposableStack()
  const nats = stack.use(await startNats())
  const directory = stack.use(await temporaryDirectory('top'))
  const config = join(directory.path, 'ha.conf')
  const text = engineConfig(directory.path).replace('servers = memory', `servers = ${nats.url}`)
  await writeFile(config, text, { mode: 0o600 })
  const ports = { clock: new SystemClock(), random: new SystemRandom() }
  await using store = openSqliteStore(join(directory.path, 'store.db'), ports)
  await store.migrate()
  const { uuid } = await store.createSegment(segmentFields('zone-a'))
  await store.createHost(uuid, hostFields('compute-1'))
  const parts = stack.move()
  const args = ['ops/cli.ts', 'top', '--config', config]
  return { args, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

test.serial(
  'in a terminal it draws, follows the size, and q gives the terminal back',
  async (t) => {
    await using world = await site()
    const terminal = spawn(process.execPath, world.args, { cols: 100, rows: 30 })
    let shown = ''
    let ended: number | undefined
    terminal.onData((text) => void (shown += text))
    terminal.onExit(({ exitCode }) => void (ended = exitCode))
    await until('it draws', () => shown.includes('compute-1'), PATIENCE_MS)
    t.true(shown.startsWith('\u001b[?1049h\u001b[?25l'))
    t.regex(shown, /hosts {4}1: 1 unseen/)
    shown = ''
    terminal.resize(30, 5)
    await until('it fits the new size', () => /more lines/.test(shown), PATIENCE_MS)
    terminal.write('q')
    await until('it has ended', () => ended !== undefined, PATIENCE_MS)
    t.is(ended, 0)
    t.regex(shown, /\[\?25h.*\[\?1049l/s)
  },
)

test.serial('in a pipe it prints once, without escape sequences', async (t) => {
  await using world = await site()
  const { stdout } = await promisify(execFile)(process.execPath, world.args)
  t.regex(stdout, /hosts {4}1: 1 unseen/)
  t.regex(stdout, /leader {3}none is heard/)
  t.false(stdout.includes('\u001b'))
})
