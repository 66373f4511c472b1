/**
 * A database whose disk is full: it reports that, answers reads, and accepts writes again when
 * there is room.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { nodeName } from '../../../schema/ids.ts'
import { openSqliteStore } from '../../../transports/sql/sqlite.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { mountSmallDisk } from '../../support/small-disk.ts'
import { hostFields, segmentFields, SetClock } from '../../support/store-world.ts'

const ports = () => ({ clock: new SetClock(), random: new SystemRandom() })

/** Writes until one write is refused, and returns its code. */
async function untilRefused(write: (index: number) => Promise<unknown>): Promise<unknown> {
  for (let index = 0; index < 10_000; index += 1) {
    try {
      await write(index)
    } catch (error) {
      return error
    }
  }
  return undefined
}

/** `withRoom` fills the disk and frees it again. */
async function tellsAndGoesOn(
  t: ExecutionContext,
  path: string,
  room: { readonly take: () => Promise<void>; readonly give: () => Promise<void> },
): Promise<void> {
  await using store = openSqliteStore(path, ports())
  await store.migrate()
  const { uuid } = await store.createSegment(segmentFields('zone-a'))
  await store.ping()
  await room.take()
  const add = (index: number): Promise<unknown> =>
    store.createHost(uuid, {
      ...hostFields(`compute-${index}`),
      controlAttributes: 'x'.repeat(20_000),
    })
  const refusal = await untilRefused(add)
  t.like(refusal, { code: 'STORE_FULL' })
  await t.throwsAsync(add(100_000), { code: 'STORE_FULL' }, 'again, with the same words')
  await t.throwsAsync(store.ping(), { code: 'STORE_FULL' })
  t.is((await store.listSegments({}, { limit: 10, sort: [] })).length, 1, 'reads are answered')
  await room.give()
  await t.notThrowsAsync(store.ping())
  await t.notThrowsAsync(add(200_000))
  t.is(Number(await store.claimEpoch(nodeName('engine-1'))), 1)
}

test('SQLite without room reports it, answers reads, and accepts writes again when there is room', async (t) => {
  const disk = await mountSmallDisk(2)
  if (disk !== undefined) {
    await using full = disk
    await tellsAndGoesOn(t, join(full.path, 'store.db'), {
      take: () => full.fill(),
      give: () => full.empty(),
    })
  }
  // Every account can use this: SQLite's own limit of pages.
  await using directory = await temporaryDirectory('full')
  const path = join(directory.path, 'store.db')
  const opened: DatabaseSync[] = []
  const { value: exec } = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, 'exec') ?? {}
  if (typeof exec !== 'function') return t.fail('SQLite has no exec')
  // The limit belongs to one connection, and the store's own connection cannot be reached.
  DatabaseSync.prototype.exec = function (text) {
    opened.push(this)
    Reflect.apply(exec, this, [text])
  }
  const limit = (pages: number): void => opened.at(-1)?.exec(`PRAGMA max_page_count = ${pages}`)
  t.teardown(() => {
    DatabaseSync.prototype.exec = exec
  })
  await tellsAndGoesOn(t, path, {
    take: async () => limit(1),
    give: async () => limit(1_000_000),
  })
})
