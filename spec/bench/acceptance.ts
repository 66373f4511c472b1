/** How long the gateway takes to accept a notification, row included, on both databases. */
import { join } from 'node:path'
import type { StorePort } from '../../actors/ports/store.ts'
import { openMysqlStore } from '../../transports/sql/mysql.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { hostFailure, startGateway } from '../support/gateway.ts'
import { startMariadb } from '../support/mariadb.ts'
import { temporaryDirectory } from '../support/process.ts'
import { hostFields, segmentFields } from '../support/store-world.ts'
import { quantile, type Figure } from './figure.ts'

const WARM_UP = 50
const POSTS = 400

const ports = { clock: new SystemClock(), random: new SystemRandom() }

/** Measured without HTTP and the Identity service: only the time of the gateway and its store. */
export async function measureAcceptance(): Promise<readonly Figure[]> {
  await using directory = await temporaryDirectory('bench')
  await using sqlite = openSqliteStore(join(directory.path, 'store.sqlite'), ports)
  await using mariadb = await startMariadb()
  const { host, port, user, password } = mariadb
  const database = await mariadb.createDatabase()
  await using mysql = openMysqlStore({ host, port, user, password, database }, ports)
  return [...(await measureOn('SQLite', sqlite)), ...(await measureOn('MariaDB', mysql))]
}

/** POSTs one after the other, each about another host. */
async function measureOn(name: string, store: StorePort): Promise<readonly Figure[]> {
  await store.migrate()
  const hosts = Array.from({ length: WARM_UP + POSTS }, (_, index) => `compute-${index}`)
  const segment = await store.createSegment(segmentFields('racks'))
  for (const host of hosts) await store.createHost(segment.uuid, hostFields(host))
  await using gateway = await startGateway({ wrapStore: () => store })
  const tookMs: number[] = []
  for (const host of hosts) {
    const body = hostFailure(host, new Date().toISOString().replace('Z', ''))
    const startedAtMs = performance.now()
    const { status, text } = await gateway.call({ method: 'POST', url: '/v1/notifications', body })
    tookMs.push(performance.now() - startedAtMs)
    if (status !== 202) throw new Error(`POST answered ${status}: ${text}`)
  }
  const measured = tookMs.slice(WARM_UP)
  return [0.5, 0.99].map((share) => ({
    what: `POST /v1/notifications on ${name}, p${share * 100}`,
    value: quantile(measured, share),
    unit: 'ms',
    remark: `of ${POSTS}, in this process`,
  }))
}
