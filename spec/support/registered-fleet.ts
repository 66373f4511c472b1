/** The segments and hosts of a simulated cloud as rows of a real database, before any process of the product starts. */
import { registerSegments } from '../../ops/simulator/register-segments.ts'
import { openMysqlStore } from '../../transports/sql/mysql.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import type { HttpCloud } from './http-cloud.ts'
import type { MariadbServer } from './mariadb.ts'

/** Makes the tables, and registers every host with its `control_attributes`; a host that is not in the map has none. */
export async function registerFleet(
  { host, port, user, password }: MariadbServer,
  database: string,
  { segments }: Pick<HttpCloud, 'segments'>,
  attributes: ReadonlyMap<string, string>,
): Promise<void> {
  const ports = { clock: new SystemClock(), random: new SystemRandom() }
  await using store = openMysqlStore({ host, port, user, password, database }, ports)
  await store.migrate()
  await registerSegments(
    store,
    segments.map((segment) => ({
      ...segment,
      hosts: segment.hosts.map((each) => ({
        ...each,
        controlAttributes: attributes.get(each.name) ?? '',
      })),
    })),
  )
}
