/** A leader that stands still during a write must not prevent the next one from leading. */
import test from 'ava'
import { nodeName } from '../../../schema/ids.ts'
import { openMysqlStore } from '../../../transports/sql/mysql.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { startMariadb } from '../../support/mariadb.ts'
import { startServer } from '../../support/process.ts'

/**
 * Stops itself when the store asks for the time, inside of the transaction that holds the epoch.
 */
const WRITER = `
import { Secret } from './schema/control-attributes.ts'
import { openMysqlStore } from './transports/sql/mysql.ts'
import { SystemClock } from './transports/system/clock.ts'
import { SystemRandom } from './transports/system/random.ts'
const { password, epoch, ...settings } = JSON.parse(process.env.WRITER)
const clock = new SystemClock()
clock.wallMs = () => {
  console.log('stands still')
  process.kill(process.pid, 'SIGSTOP')
  return 0
}
const random = new SystemRandom()
const store = openMysqlStore({ ...settings, password: new Secret(password) }, { clock, random })
const notification = '00000000-0000-4000-8000-000000000000'
await store.appendJournal(epoch, { notification, kind: 'decision', step: 'test', subject: '', detail: '' }).then(
  () => console.log('written'),
  (error) => console.log(error.code),
)
`

test('a leader that stands still during a write loses it, and the next one leads in time', async (t) => {
  await using mariadb = await startMariadb()
  const { host, port, user, password } = mariadb
  const settings = { host, port, user, database: await mariadb.createDatabase() }
  const ports = { clock: new SystemClock(), random: new SystemRandom() }
  await using store = openMysqlStore({ ...settings, password }, ports)
  await store.migrate()
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  const told = JSON.stringify({ ...settings, password: password.reveal(), epoch })
  await using writer = await startServer({
    command: process.execPath,
    args: ['--input-type=module', '--eval', WRITER],
    env: { WRITER: told },
    ready: /stands still/,
  })
  const startedAtMs = performance.now()
  const next = await store.claimEpoch(nodeName('engine-2'))
  t.is(Number(next), epoch + 1)
  t.true(performance.now() - startedAtMs < 5000)
  writer.signal('SIGCONT')
  await writer.ended
  t.regex(writer.output(), /stands still\nSTORE_UNAVAILABLE\n/, 'its write is lost, and it knows')
})
