/** The file of guests that ran: over restarts, on a full disk, torn, foreign and in wrong hands. */
import { chmod, chown, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { hostName } from '../../../schema/ids.ts'
import { FileRunRecord } from '../../../transports/system/run-record.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { recordOf, runRecordConformance } from '../../support/run-record-conformance.ts'
import { mountSmallDisk } from '../../support/small-disk.ts'
import { lines } from '../libvirt/world.ts'

const directories = new AsyncDisposableStack()
test.after.always(() => directories.disposeAsync())

async function place(): Promise<{ readonly path: string; readonly file: string }> {
  const { path } = directories.use(await temporaryDirectory('runs'))
  return { path, file: join(path, 'guests-that-ran.json') }
}

const HOST = hostName('compute-1')
const open = (path: string, log = lines().log, host = HOST): FileRunRecord =>
  new FileRunRecord(path, { host, boot: Promise.resolve('boot-1') }, log)

runRecordConformance(test, async () => open(join((await place()).path, 'new', 'folder')))

test('the next process of this host reads it, and no other host does', async (t) => {
  const { path, file } = await place()
  await open(path).keep(recordOf(2))
  t.is((await stat(file)).mode & 0o777, 0o600)
  t.deepEqual(await open(path).read(), recordOf(2))
  const { log, said } = lines()
  t.is(await open(path, log, hostName('compute-2')).read(), undefined)
  t.is(said.length, 1)
})

const FOREIGN: Readonly<Record<string, string>> = {
  'a torn file': JSON.stringify(recordOf(2)).slice(0, 40),
  'an empty file': '',
  'other JSON': '{"guests":[]}',
  'deep JSON': '['.repeat(100_000),
  'a later version': JSON.stringify({ version: 2, host: 'compute-1', ...recordOf(1) }),
  'a hostile name': JSON.stringify({
    version: 1,
    host: 'compute-1',
    ...recordOf(0),
    runs: [{ instance: '../../etc/passwd', run: 1 }],
  }),
  'a huge file': `{"version":1,"x":"${'x'.repeat(5_000_000)}"}`,
}

for (const [what, text] of Object.entries(FOREIGN)) {
  test(`${what} does not count, is told once, and is replaced`, async (t) => {
    const { path, file } = await place()
    await writeFile(file, text, { mode: 0o600 })
    const { log, said } = lines()
    const record = open(path, log)
    t.is(await record.read(), undefined)
    t.is(said.length, 1)
    await record.keep(recordOf(1))
    t.deepEqual(await record.read(), recordOf(1))
  })
}

test('a file that others may write to, that another user owns, or that is a link does not count', async (t) => {
  const { path, file } = await place()
  await open(path).keep(recordOf(1))
  await chmod(file, 0o666)
  t.is(await open(path).read(), undefined)
  await chmod(file, 0o600)
  t.deepEqual(await open(path).read(), recordOf(1))
  if (process.getuid?.() === 0) {
    await chown(file, 65_534, 65_534)
    t.is(await open(path).read(), undefined)
  }
  const { path: other, file: link } = await place()
  const target = join(other, 'target')
  await writeFile(target, await readFile(file, 'utf8'), { mode: 0o600 })
  await symlink(target, link)
  t.is(await open(other).read(), undefined)
})

test('where nothing can be written, the log says so once, and the process goes on', async (t) => {
  const { path, file } = await place()
  await mkdir(join(file, 'x'), { recursive: true })
  const { log, said } = lines()
  const record = open(path, log)
  for (const guests of [1, 2, 3]) await record.keep(recordOf(guests))
  t.is(said.length, 1)
  t.regex(said.join(), /not kept/)
  const nowhere = lines()
  await open('/dev/null/state', nowhere.log).keep(recordOf(1))
  t.is(nowhere.said.length, 1)
})

test('on a full disk no old record stays; once there is room, it is kept again', async (t) => {
  await using disk = await mountSmallDisk(1)
  if (disk === undefined) {
    t.not(process.getuid?.(), 0, 'root may mount')
    return
  }
  const { log, said } = lines()
  const record = open(disk.path, log)
  await record.keep(recordOf(2))
  await disk.fill()
  await record.keep(recordOf(900))
  await record.keep(recordOf(900))
  t.true(said.length <= 1)
  const kept = await open(disk.path).read()
  t.true(kept === undefined || kept.runs.length === 900, 'the old one would tell of stopped guests')
  await disk.empty()
  await record.keep(recordOf(3))
  t.deepEqual(await open(disk.path).read(), recordOf(3))
})
