/** The store on a real MariaDB. */
import test from 'ava'
import { createConnection } from 'mysql2/promise'
import { openMysqlStore } from '../../../transports/sql/mysql.ts'
import { startMariadb, type MariadbServer } from '../../support/mariadb.ts'
import { storeConformance } from '../../support/store-conformance.ts'
import type { StoreDatabase } from '../../support/store-world.ts'

const stack = new AsyncDisposableStack()
let server: Promise<MariadbServer> | undefined

test.before(async () => {
  server = startMariadb()
  stack.use(await server)
})
test.after.always(() => stack.disposeAsync())

async function openDatabase(): Promise<StoreDatabase> {
  if (server === undefined) throw new Error('no server')
  const mariadb = await server
  const { host, port, user, password } = mariadb
  const database = await mariadb.createDatabase()
  return {
    open: (ports) => openMysqlStore({ host, port, user, password, database }, ports),
    async execute(sql) {
      const connection = await createConnection({
        host,
        port,
        user,
        password: password.reveal(),
        database,
      })
      await connection.query(sql)
      await connection.end()
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

// One after the other: dozens of simultaneous pools would only wait for each other.
storeConformance(test.serial, openDatabase)
