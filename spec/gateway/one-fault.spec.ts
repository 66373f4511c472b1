/** Many monitors report one fault at the same time, to two gateways on one MariaDB. */
import test from 'ava'
import { openMysqlStore } from '../../transports/sql/mysql.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { aHost, aSegment, hostFailure, startGateway } from '../support/gateway.ts'
import { startMariadb } from '../support/mariadb.ts'

const CLIENTS = 20

test('of 20 equal concurrent reports one is 202 and 19 are 409, on MariaDB and through two gateways', async (t) => {
  await using mariadb = await startMariadb()
  const { host, port, user, password } = mariadb
  const location = { kind: 'mysql', host, port, user, password } as const
  const database = await mariadb.createDatabase()
  const ports = { clock: new SystemClock(), random: new SystemRandom() }
  await using store = openMysqlStore({ ...location, database }, ports)
  await using other = openMysqlStore({ ...location, database }, ports)
  await store.migrate()
  await using first = await startGateway({ wrapStore: () => store })
  await using second = await startGateway({ wrapStore: () => other })
  const segment = await aSegment(first)
  for (let round = 1; round <= 5; round += 1) {
    const name = `compute-${round}`
    await aHost(first, segment, name)
    const request = { method: 'POST', url: '/v1/notifications', body: hostFailure(name) } as const
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) => (index % 2 ? first : second).call(request)),
    )
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
    t.deepEqual(statuses, [202, ...Array.from({ length: CLIENTS - 1 }, () => 409)], name)
  }
  t.is(first.announced.length + second.announced.length, 5)
})
