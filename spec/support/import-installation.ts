/** A process of ours into whose database Masakari's rows are imported. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openMysqlStore } from '../../transports/sql/mysql.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { command } from './command.ts'
import { engineConfig } from './config-text.ts'
import type { MariadbServer } from './mariadb.ts'
import { queryOn, type MasakariTables } from './masakari-tables.ts'
import { temporaryDirectory } from './process.ts'
import { storeUrl } from './product.ts'

/** An empty database of ours, and the command on it. */
export async function importInstallation(mariadb: MariadbServer, from: MasakariTables) {
  const directory = await temporaryDirectory('import')
  const database = await mariadb.createDatabase()
  const file = (name: string): string => join(directory.path, name)
  const own = engineConfig(directory.path).replace(
    /^connection = .*$/m,
    `connection = ${storeUrl(mariadb, database)}`,
  )
  await writeFile(file('ha.conf'), own, { mode: 0o600 })
  await writeFile(file('password'), `${mariadb.password.reveal()}\n`, { mode: 0o600 })
  const url = `mysql+pymysql://${mariadb.user}@127.0.0.1:${mariadb.port}/${from.database}`
  const source = ['--from', url, '--password-file', file('password')]
  const words = ['import-masakari', '--config', file('ha.conf'), ...source]
  return {
    database,
    file,
    url,
    /** The words of the command. */
    words,
    run: (...more: readonly string[]) => command([...words, ...more]),
    /** In a process of its own; returns what it prints. */
    async runAlone(): Promise<string> {
      return (await promisify(execFile)(process.execPath, ['ops/cli.ts', ...words])).stdout
    },
    /** With other options for the source. */
    runFrom: (...more: readonly string[]) =>
      command(['import-masakari', '--config', file('ha.conf'), ...more]),
    open: () =>
      openMysqlStore(
        { ...mariadb, database },
        { clock: new SystemClock(), random: new SystemRandom() },
      ),
    async migrate() {
      await using store = this.open()
      await store.migrate()
    },
    query: (sql: string) => queryOn(mariadb, database, sql),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}
