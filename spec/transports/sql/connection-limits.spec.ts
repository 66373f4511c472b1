/** The pool on a real MariaDB: never more connections than the configuration allows. */
import test from 'ava'
import { createConnection } from 'mysql2/promise'
import { openMysqlStore } from '../../../transports/sql/mysql.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { startMariadb } from '../../support/mariadb.ts'

test('many reads at once share the connections that are allowed', async (t) => {
  await using server = await startMariadb()
  const { host, port, user, password } = server
  const database = await server.createDatabase()
  const ports = { clock: new SystemClock(), random: new SystemRandom() }
  const connections = { kept: 1, max: 2 }
  await using store = openMysqlStore({ host, port, user, password, database, connections }, ports)
  await store.migrate()
  await Promise.all(Array.from({ length: 30 }, () => store.listUnfinished()))
  const admin = await createConnection({ host, port, user, password: password.reveal() })
  const [rows] = await admin.query("show status like 'Max_used_connections'")
  await admin.end()
  t.regex(JSON.stringify(rows), /"Value":"[1-3]"/) // one of them is ours here
})
