/** The units for systemd: systemd itself reads them, and they start the installed command. */
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import test from 'ava'
import { flagsOfRun } from '../support/product.ts'
import { program, temporaryDirectory } from '../support/process.ts'

const UNITS = ['instance-ha.service', 'instance-ha-instance-monitor.service']

/** What systemd says about the unit. The command is the one of this checkout. */
async function verify(name: string, text: string) {
  await using directory = await temporaryDirectory('units')
  const path = join(directory.path, name)
  const command = resolve('ops/bin/instance-ha')
  await writeFile(path, text.replace('ExecStart=instance-ha ', `ExecStart=${command} `))
  const analyze = program('systemd-analyze', 'systemd')
  return spawnSync(analyze, ['verify', '--man=no', path], { encoding: 'utf8' })
}

for (const name of UNITS) {
  test(`systemd accepts ${name}`, async (t) => {
    const text = await readFile(join('ops/systemd', name), 'utf8')
    t.regex(
      text,
      /^ExecStart=instance-ha run --config \/etc\/xavs\/instance-ha\/instance-ha\.conf$/m,
    )
    const { stderr, status } = await verify(name, text)
    t.notRegex(stderr, new RegExp(name), stderr)
    t.is(status, 0, stderr)
  })
}

test('a unit with an unknown setting is found', async (t) => {
  const text = await readFile(join('ops/systemd', 'instance-ha.service'), 'utf8')
  const { stderr } = await verify('broken.service', text.replace('Restart=always', 'Restat=always'))
  t.regex(stderr, /Restat/)
})

test('the command gives Node the flags that keep its heap small', async (t) => {
  t.deepEqual(await flagsOfRun(), ['--heap-growing-percent=50', '--max-semi-space-size=16'])
})
