/** `import-masakari` on tables of Masakari with rows of every kind, also hostile ones: MariaDB. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { hostId, notificationId, segmentId } from '../../schema/ids.ts'
import { engineConfig } from '../support/config-text.ts'
import { importInstallation } from '../support/import-installation.ts'
import { startMariadb, type BreakableMariadb } from '../support/mariadb.ts'
import {
  masakariTables,
  smallCloud,
  uuidOf,
  type MasakariTables,
} from '../support/masakari-tables.ts'
import { storeUrl } from '../support/product.ts'
import { wholePage } from '../support/store-world.ts'

const stack = new AsyncDisposableStack()
let mariadb: BreakableMariadb

test.before(async () => {
  mariadb = stack.use(await startMariadb())
})
test.after.always(() => stack.disposeAsync())

const installation = (from: MasakariTables) => importInstallation(mariadb, from)

const linesOf = (out: string, pattern: RegExp): readonly string[] =>
  out.split('\n').filter((line) => pattern.test(line))

test.serial(
  'a dry run says each change and makes none, an import makes them, and the next one makes none',
  async (t) => {
    const tables = await smallCloud(mariadb)
    const before = await tables.checksum()
    await using installed = await installation(tables)
    const dry = await installed.run('--dry-run')
    t.is(dry.status, 0, dry.err)
    t.is(linesOf(dry.out, /^would add /).length, 5, dry.out)
    t.deepEqual(await installed.query('show tables'), [], 'not even a table')
    t.false(existsSync(installed.file('credentials.key')), 'nor a key')
    const first = await installed.run()
    t.is(first.status, 0, first.err)
    const said = linesOf(first.out, /^added /)
    t.deepEqual(
      said.map((line) => line.replace('added', 'would add')),
      linesOf(dry.out, /^would add /),
    )
    const rows = await installed.query(
      'select * from hosts, segments, notifications, vm_moves, imported_rows',
    )
    t.regex(String(rows[0]?.['control_attributes']), /^sealed:v1:/)
    const again = await installed.run()
    t.is(again.status, 0)
    t.deepEqual(linesOf(again.out, /^(added|changed|not |note)/), [])
    t.regex(again.out, /Nothing was changed\.\n$/)
    t.regex((await installed.run('--dry-run')).out, /an import would change nothing/)
    t.deepEqual(
      await installed.query(
        'select * from hosts, segments, notifications, vm_moves, imported_rows',
      ),
      rows,
    )
    t.is(await tables.checksum(), before)
    await using store = installed.open()
    const [segment] = await store.listSegments({}, wholePage)
    t.like(segment, { id: 1, uuid: uuidOf(1, 1), createdAt: Date.UTC(2025, 2, 1, 10, 0, 1) })
    t.like(await store.getHost(segmentId(uuidOf(1, 1)), hostId(uuidOf(2, 2))), {
      id: 2,
      reserved: true,
    })
    t.like(await store.getNotification(notificationId(uuidOf(3, 1))), {
      generatedAt: Date.UTC(2025, 2, 1, 10, 0, 0, 123),
      status: 'finished',
      segment: uuidOf(1, 1),
    })
    const [move] = await store.listMoves({ notification: notificationId(uuidOf(3, 1)) }, wholePage)
    t.like(move, { uuid: uuidOf(4, 1), destHost: 'compute-2', status: 'succeeded' })
  },
)

test.serial(
  'recoveries that Masakari has not ended are named and not taken, until they end',
  async (t) => {
    const tables = await smallCloud(mariadb)
    for (const [number, status] of [
      [2, 'new'],
      [3, 'running'],
      [4, 'error'],
    ] as const) {
      await tables.notification(number, { status, updated_at: null })
      await tables.move(number, { notification_uuid: uuidOf(3, number), status: 'ongoing' })
    }
    await using installed = await installation(tables)
    const first = await installed.run()
    t.is(first.status, 1)
    t.is(
      linesOf(
        first.out,
        /^not imported notification 3.*has not ended its recovery \((new|running|error)\)/,
      ).length,
      3,
      first.out,
    )
    t.regex(first.out, /left out: 3 moves that belong to recoveries that Masakari has not ended/)
    await using store = installed.open()
    t.deepEqual(await store.listUnfinished(), [], 'an engine has nothing to do')
    t.is((await store.listNotifications({}, wholePage)).length, 1)
    await tables.query(
      "update notifications set status = 'failed', updated_at = now() where id > 1",
    )
    const second = await installed.run()
    t.is(second.status, 0, second.out)
    t.is(linesOf(second.out, /^added /).length, 6)
    t.deepEqual(await store.listUnfinished(), [])
  },
)

test.serial(
  'rows that cannot be taken are named with the reason, and the others are taken',
  async (t) => {
    const tables = await smallCloud(mariadb, 'utf8mb4_bin')
    await tables.segment(2, { name: 'Segment-1' })
    await tables.segment(3, { name: 'evil\u001B[2J' })
    await tables.segment(4, { recovery_method: 'magic' })
    await tables.segment(5, { deleted: null })
    await tables.host(3, { name: 'Compute-1' })
    await tables.host(4, { name: 'compute-4 ' })
    await tables.host(5, { failover_segment_id: uuidOf(1, 4) })
    await tables.host(6, { type: 'a b' })
    await tables.host(7, {
      on_maintenance: 1,
      control_attributes: '{"ipmi": {"host": "a", "password": "s3cret"}}',
    })
    await tables.host(8, { uuid: uuidOf(2, 8).replace('2', 'A') })
    await tables.notification(2, { status: 'odd' })
    await tables.notification(3, { payload: '{"a": 1}' })
    await tables.notification(4, { payload: null })
    await tables.notification(5, { source_host_uuid: uuidOf(2, 99), failover_segment_uuid: null })
    await tables.notification(6, { source_host_uuid: uuidOf(2, 99) })
    await tables.notification(7, { type: 'STORM' })
    await tables.notification(8, { deleted: 8, deleted_at: '2025-03-02 00:00:00' })
    await tables.notification(9, { failover_segment_uuid: null })
    await tables.move(2, { notification_uuid: uuidOf(3, 99) })
    await tables.move(3, { notification_uuid: uuidOf(3, 2) })
    await tables.move(4, { instance_uuid: uuidOf(5, 1), status: 'failed' })
    await tables.move(5, { status: 'lost' })
    await using installed = await installation(tables)
    const dry = await installed.run('--dry-run')
    const { status, out } = await installed.run()
    t.is(status, 1)
    t.is(linesOf(dry.out, /^not imported /).join('\n'), linesOf(out, /^not imported /).join('\n'))
    for (const pattern of [
      /^not imported segment Segment-1 .*differs only in case from that of 10000000/m,
      /^not imported segment evil\\u\{1b\}\[2J .*its name is not 1 to 255 printable/m,
      /^not imported segment segment-4 .*its recovery_method is not one of auto/m,
      /^not imported segment segment-5 .*its deleted is neither 0 nor its id/m,
      /^not imported host Compute-1 .*differs only in case/m,
      /^not imported host compute-4 {2}.*its name is not/m,
      /^not imported host compute-5 .*its segment is not imported/m,
      /^not imported host compute-6 .*its type has other characters/m,
      /^note: host compute-7 .*stays on maintenance/m,
      /^note: host compute-7 .*its settings are kept, and cannot be used: ipmi\.username/m,
      /^not imported host compute-8 .*its uuid is not a uuid in small letters/m,
      /^not imported notification 3.*2: its status is not one of/m,
      /^not imported notification 3.*3: its payload is not a JSON object of texts/m,
      /^not imported notification 3.*4: its payload is not/m,
      /^not imported notification 3.*5: its host is not in Masakari any more/m,
      /^not imported notification 3.*7: its type is not one of/m,
      /^left out: 1 notifications that are deleted in Masakari/m,
      /^left out: 1 moves that belong to notifications that are not in Masakari any more/m,
      /^not imported move vm-3 .*its notification is not imported/m,
      /^not imported move vm-1 .*its instance in this notification belongs to 4.*4 here/m,
      /^not imported move vm-5 .*its status is not one of/m,
    ]) {
      t.regex(out, pattern)
    }
    t.false(/s3cret/.test(dry.out + out) || out.includes('\u001B'))
    await using store = installed.open()
    t.deepEqual(
      (await store.listNotifications({}, wholePage))
        .map(({ id }) => id)
        .toSorted((one, other) => one - other),
      [1, 6, 9],
    )
    t.like(await store.getNotification(notificationId(uuidOf(3, 9))), { segment: uuidOf(1, 1) })
    const names = (await store.listAllHosts()).map(({ name }) => String(name))
    t.deepEqual(names.toSorted(), ['compute-1', 'compute-2', 'compute-7'])
  },
)

test.serial(
  'a change in Masakari is brought unless the row was changed here, and deletions stay here',
  async (t) => {
    const tables = await smallCloud(mariadb)
    await tables.host(3)
    await tables.host(4)
    await tables.segment(2)
    await using installed = await installation(tables)
    await installed.run()
    await using store = installed.open()
    const [one, three] = [hostId(uuidOf(2, 1)), hostId(uuidOf(2, 3))]
    const segment = segmentId(uuidOf(1, 1))
    await store.updateHost(segment, one, { reserved: true })
    await store.updateHost(segment, three, { onMaintenance: true })
    await store.deleteSegment(segmentId(uuidOf(1, 2)))
    await tables.query('update hosts set on_maintenance = 1, updated_at = now() where id < 3')
    await tables.query(
      "update failover_segments set name = 'racks', updated_at = now() where id = 1",
    )
    await tables.query('update hosts set deleted = id, deleted_at = now() where id = 4')
    const dry = await installed.run('--dry-run')
    const { out, status } = await installed.run()
    t.is(status, 1)
    t.regex(dry.out, /^would change segment racks .*: updated_at, name$/m)
    t.regex(out, /^changed segment racks .*: updated_at, name$/m)
    t.regex(out, /^changed host compute-2 .*: updated_at, on_maintenance$/m)
    t.regex(out, /^not changed host compute-1 .*it was changed here and in Masakari/m)
    t.regex(out, /^not changed host compute-4 .*it was deleted in Masakari: delete it here, too/m)
    t.notRegex(out, /compute-3|segment-2/)
    t.like(await store.getHost(segment, one), { reserved: true, onMaintenance: false })
    t.like(await store.getHost(segment, hostId(uuidOf(2, 2))), {
      onMaintenance: true,
      reserved: true,
    })
    t.is((await store.getSegment(segment))?.name, 'racks')
    t.is(
      await store.getSegment(segmentId(uuidOf(1, 2))),
      undefined,
      'what was deleted here stays deleted',
    )
  },
)

test.serial('rows of ours that stand in the way are left alone', async (t) => {
  const tables = await smallCloud(mariadb)
  await using installed = await installation(tables)
  await using store = installed.open()
  await store.migrate()
  const { uuid } = await store.createSegment({
    name: 'SEGMENT-1',
    serviceType: 'COMPUTE',
    description: null,
    recoveryMethod: 'auto',
    enabled: true,
  })
  const { status, out } = await installed.run()
  t.is(status, 1)
  t.regex(
    out,
    new RegExp(`^not imported segment segment-1 .*its id 1 belongs to ${uuid} here$`, 'm'),
  )
  t.regex(out, /^not imported host compute-1 .*its segment is not imported$/m)
  await tables.query('update failover_segments set id = 77')
  t.regex(
    (await installed.run()).out,
    /segment-1 .*its name, in any case of the letters, belongs to/,
  )
})

test.serial('two imports at once bring each row once', async (t) => {
  const tables = await masakariTables(mariadb)
  await tables.segment(1)
  for (let number = 1; number <= 30; number += 1) await tables.host(number)
  for (let number = 1; number <= 250; number += 1) await tables.notification(number)
  await using installed = await installation(tables)
  await installed.migrate()
  const both = await Promise.all([installed.runAlone(), installed.runAlone()])
  for (const said of both) t.regex(said, /notifications +\d+ +0 +\d+ +0 +0 +0 +0 +0$/m)
  for (const [table, count] of [
    ['hosts', 30],
    ['notifications', 250],
    ['imported_rows', 281],
  ] as const) {
    const [row] = await installed.query(`select count(*) as n from ${table}`)
    t.is(Number(row?.['n']), count, table)
  }
})

test.serial('an import that is interrupted goes on where it stopped', async (t) => {
  const tables = await masakariTables(mariadb)
  await tables.segment(1)
  await tables.host(1)
  for (let number = 1; number <= 250; number += 1) await tables.notification(number)
  await using installed = await installation(tables)
  await installed.migrate()
  // The last batch meets a row that our database refuses.
  await installed.query(
    "create trigger refusal before insert on notifications for each row if new.id > 239 then signal sqlstate '45000'; end if",
  )
  await t.throwsAsync(installed.run())
  const [row] = await installed.query('select count(*) as n from notifications')
  t.is(Number(row?.['n']), 200, 'whole batches')
  await installed.query('drop trigger refusal')
  const { status, out } = await installed.run()
  t.is(status, 0)
  t.is(linesOf(out, /^added notification /).length, 50)
})

test.serial(
  'passwords stay out of the argument list, and sources that cannot be used are refused',
  async (t) => {
    const tables = await smallCloud(mariadb)
    await using installed = await installation(tables)
    const secret = installed.url.replace('@', ':s3cret@')
    const refused = async (pattern: RegExp, ...words: readonly string[]): Promise<void> => {
      const { status, out, err } = await installed.runFrom(...words)
      t.is(status, 2, err)
      t.is(out, '')
      t.regex(err, pattern)
      t.notRegex(err, /s3cret/)
    }
    await refused(/password in --from can be read by every user/, '--from', secret)
    await refused(/either --from or --from-config/)
    await refused(/--from is not a URL of the form mysql\+pymysql/, '--from', 'postgresql://a@b/c')
    await refused(/only a MySQL or MariaDB database/, '--from', 'sqlite:////srv/masakari.db')
    await refused(/cannot read .*nowhere/, '--from', installed.url, '--password-file', '/nowhere')
    await refused(/has no \[database\] connection/, '--from-config', installed.file('password'))
    const ours = ['--from', installed.url.replace(tables.database, installed.database)]
    const login = ['--password-file', installed.file('password')]
    await refused(/is not one of Masakari/, ...ours, ...login)
    await tables.query("update masakari_alembic_version set version_num = 'ffffffffffff'")
    await refused(/revision 'ffffffffffff'.*not known/, '--from', installed.url, ...login)
    await tables.query("update masakari_alembic_version set version_num = '13adff5efb9a'")
    await tables.query('alter table vmoves engine = MyISAM')
    await refused(/vmoves .*storage engine MyISAM/, '--from', installed.url, ...login)
    t.deepEqual(await installed.query('show tables'), [])
    const wrong = await installed.runFrom('--from', installed.url)
    t.is(wrong.status, 1, 'without the password')
    t.regex(wrong.err, /Masakari's database cannot be read: Access denied/)
  },
)

test.serial(
  'a masakari.conf names the source, and its options that change their meaning are printed',
  async (t) => {
    const tables = await smallCloud(mariadb)
    await using installed = await installation(tables)
    const text = `[DEFAULT]\nnotification_driver = taskflow_driver\nmasakari_api_workers = 2\nmasakari_api_listen_port = 15868
[database]\nconnection = ${storeUrl(mariadb, tables.database)}\n[ssl]\nodd_option = 1\n[host_failure]\nnew_option = 1\n`
    await writeFile(installed.file('masakari.conf'), text, { mode: 0o600 })
    const from = ['--from-config', installed.file('masakari.conf')]
    const { status, out, err } = await installed.runFrom(...from)
    t.is(status, 0, err)
    t.regex(out, /^\[DEFAULT\] notification_driver +superseded +the role engine/m)
    t.regex(out, /^\[DEFAULT\] masakari_api_workers +without effect/m)
    t.regex(out, /^\[database\] connection +other meaning +names Masakari's database/m)
    t.regex(out, /^\[ssl\] odd_option +refused +concerns security/m)
    t.regex(out, /^\[host_failure\] new_option +unknown/m)
    t.notRegex(out, /listen_port|correct/)
    const own = text.replace(tables.database, installed.database)
    await writeFile(installed.file('masakari.conf'), own, { mode: 0o600 })
    const same = await installed.runFrom(...from, '--dry-run')
    t.is(same.status, 2)
    t.regex(same.err, /is not one of Masakari/)
    await writeFile(installed.file('masakari.conf'), text, { mode: 0o600 })
    const ours = engineConfig(installed.file('.')).replace(
      /^connection = .*$/m,
      `connection = ${storeUrl(mariadb, tables.database)}`,
    )
    await writeFile(installed.file('ha.conf'), ours, { mode: 0o600 })
    const before = await tables.checksum()
    for (const more of [[], ['--dry-run']]) {
      const { status, err } = await installed.runFrom(...from, ...more)
      t.is(status, 2, err)
    }
    t.is(await tables.checksum(), before)
  },
)

test.serial('programs get one object in each line', async (t) => {
  const tables = await smallCloud(mariadb)
  await tables.notification(2, { status: 'running' })
  await using installed = await installation(tables)
  const { out, status } = await installed.run('--dry-run', '--json')
  t.is(status, 1)
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line): Readonly<Record<string, unknown>> => Object(JSON.parse(line)))
  t.like(lines[0], {
    action: 'add',
    dry_run: true,
    kind: 'segment',
    name: 'segment-1',
    uuid: uuidOf(1, 1),
  })
  t.true(lines.some(({ action, uuid }) => action === 'unfinished' && uuid === uuidOf(3, 2)))
  t.is(lines.at(-1)?.['action'], 'sums')
})

test.serial(
  'it reads one moment: what Masakari writes meanwhile comes with the next import',
  async (t) => {
    const tables = await smallCloud(mariadb)
    await using installed = await installation(tables)
    await installed.migrate()
    // Our own database makes the import wait at its first row, and Masakari goes on.
    await installed.query(
      'create trigger slow before insert on segments for each row set @waited = sleep(2)',
    )
    const running = installed.run()
    await sleep(1200)
    await tables.host(9)
    const first = await running
    t.is(first.status, 0, first.err)
    t.notRegex(first.out, /compute-9/)
    t.regex((await installed.run()).out, /^added host compute-9/m)
  },
)
