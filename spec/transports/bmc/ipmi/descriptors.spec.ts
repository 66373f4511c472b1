/** What ipmitool takes along of ours: nothing. */
import { readFile, readdir, readlink } from 'node:fs/promises'
import test from 'ava'
import { spawn } from 'node-pty'
import { openBmcPower } from '../../../../transports/bmc/power.ts'
import { SystemClock } from '../../../../transports/system/clock.ts'
import { startBmc } from '../../../support/bmc.ts'

/** Where the descriptors of the ipmitool that speaks with a port lead. */
async function descriptorsOf(port: number): Promise<readonly string[]> {
  for (const pid of await readdir('/proc')) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (!words.startsWith('ipmitool\0') || !words.includes(`\0-p\0${port}\0`)) continue
    const names = await readdir(`/proc/${pid}/fd`)
    return Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`)))
  }
  throw new Error(`no ipmitool speaks with port ${port}`)
}

test('ipmitool inherits nothing of ours, a terminal that is open included', async (t) => {
  const terminal = spawn('sleep', ['600'], {})
  await using bmc = await startBmc()
  await using power = openBmcPower({ clock: new SystemClock() })
  t.is(await power.read(bmc.settings), 'on')
  const targets = await descriptorsOf(bmc.settings.port)
  terminal.kill('SIGKILL')
  t.deepEqual(
    targets.filter((target) => /ptmx|pipe:|anon_inode|eventfd/.test(target)),
    [],
  )
  t.is(targets.filter((target) => target.startsWith('/dev/pts/')).length, 3)
  t.is(targets.filter((target) => target.startsWith('socket:')).length, 1) // to its BMC
})
