/** The file of faults that the bus has not taken: over restarts, on a full disk, with torn lines and in wrong hands. */
import { appendFile, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import type { SpooledFault } from '../../../actors/ports/fault-spool.ts'
import { FileFaultSpool } from '../../../transports/system/fault-spool.ts'
import { faultOf, faultSpoolConformance } from '../../support/fault-spool-conformance.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { mountSmallDisk } from '../../support/small-disk.ts'
import { lines } from '../libvirt/world.ts'

const directories = new AsyncDisposableStack()
test.after.always(() => directories.disposeAsync())

async function place(): Promise<{ readonly path: string; readonly file: string }> {
  const { path } = directories.use(await temporaryDirectory('spool'))
  return { path, file: join(path, 'guest-faults.jsonl') }
}

faultSpoolConformance(test, async () => new FileFaultSpool((await place()).path, lines().log))

test('the next process reads what this one has kept and not forgotten', async (t) => {
  const { path, file } = await place()
  const one = new FileFaultSpool(join(path, 'new', 'folder'), lines().log)
  for (const id of ['a', 'b', 'c']) await one.keep(faultOf(id))
  await one.forget('a')
  const next = new FileFaultSpool(join(path, 'new', 'folder'), lines().log)
  t.deepEqual(await next.read(), [faultOf('b'), faultOf('c')])
  t.is((await stat(join(path, 'new', 'folder', 'guest-faults.jsonl'))).mode & 0o777, 0o600)
  await next.forget('b')
  await next.forget('c')
  t.is(await readFile(join(path, 'new', 'folder', 'guest-faults.jsonl'), 'utf8'), '')
  t.not(file, '')
})

test('a torn line, and lines of others, are left out, told and set aside; the rest counts', async (t) => {
  const { path, file } = await place()
  const one = new FileFaultSpool(path, lines().log)
  await one.keep(faultOf('a'))
  await appendFile(
    file,
    '{"keep":{"id":"evil","instance":"x"}}\n\0\0\0\n[[[[[[[[[[[[\n{"keep":{"id":"b","ins',
  )
  const { log, said } = lines()
  const next = new FileFaultSpool(path, log)
  t.deepEqual(await next.read(), [faultOf('a')])
  t.is(said.length, 1)
  t.regex(await readFile(`${file}.unreadable`, 'utf8'), /evil/)
  await next.keep(faultOf('c'))
  t.deepEqual(await new FileFaultSpool(path, log).read(), [faultOf('a'), faultOf('c')])
})

const long = (id: string): SpooledFault => ({ ...faultOf(id), evidence: ['e'.repeat(1000)] })

test('a file of any size is read to its bound only, and never grows beyond it', async (t) => {
  const { path, file } = await place()
  await writeFile(file, 'x'.repeat(5_000_000))
  const spool = new FileFaultSpool(path, lines().log)
  t.deepEqual(await spool.read(), [])
  for (let n = 0; n < 1500; n += 1) {
    await spool.keep(long(`id-${n}`))
    if (n % 2 === 0) await spool.forget(`id-${n}`)
  }
  t.true((await stat(file)).size <= 1024 * 1024)
  const kept = await new FileFaultSpool(path, lines().log).read()
  t.is(kept.length, 500)
  t.is(kept.at(-1)?.id, 'id-1499')
})

for (const what of ['a link', 'a folder'] as const) {
  test(`where the file is ${what}, faults are kept in memory only, and the log says so once`, async (t) => {
    const { path, file } = await place()
    if (what === 'a link') await symlink(join(path, 'elsewhere'), file)
    else await mkdir(file)
    const { log, said } = lines()
    const spool = new FileFaultSpool(path, log)
    for (const id of ['a', 'b', 'c']) await spool.keep(faultOf(id))
    t.deepEqual(
      (await spool.read()).map(({ id }) => id),
      ['a', 'b', 'c'],
    )
    t.true(said.length >= 1 && said.length <= 2, said.join('; '))
    await t.throwsAsync(stat(join(path, 'elsewhere')))
  })
}

test('what a full disk did not take is written with what follows, once there is room', async (t) => {
  await using disk = await mountSmallDisk(1)
  if (disk === undefined) {
    t.not(process.getuid?.(), 0, 'root may mount')
    return
  }
  const { log, said } = lines()
  const spool = new FileFaultSpool(disk.path, log)
  await spool.keep(faultOf('a'))
  await disk.fill()
  for (let n = 0; n < 40; n += 1) await spool.keep(faultOf(`full-${n}`))
  t.is(said.length, 1)
  t.is((await spool.read()).length, 41)
  await disk.empty()
  await spool.keep(faultOf('z'))
  const kept = (await new FileFaultSpool(disk.path, lines().log).read()).map(({ id }) => id)
  t.true(kept.includes('a') && kept.includes('z'), kept.join())
  t.true(kept.includes('full-39'), 'what was kept in memory is on disk, too')
})
