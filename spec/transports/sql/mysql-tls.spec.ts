/** Encryption of the connection to a real MariaDB, as its URL asks for it. */
import test from 'ava'
import { readValue } from '../../../ops/config/read-value.ts'
import { readTlsMaterial } from '../../../ops/tls-material.ts'
import type { StoreLocation } from '../../../schema/config/option.ts'
import { openMysqlStore } from '../../../transports/sql/mysql.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { makeAuthority } from '../../support/certificates.ts'
import { startMariadb } from '../../support/mariadb.ts'
import { temporaryDirectory } from '../../support/process.ts'

const STORE = { kind: 'store', names: ['database.connection'], meaning: '' } as const

/** The location that a URL names. */
function locationOf(url: string): StoreLocation & { readonly kind: 'mysql' } {
  const reading = readValue(url, STORE)
  if (reading === undefined || 'problem' in reading) throw new Error(JSON.stringify(reading))
  const location = reading.value as StoreLocation // STORE is read so
  if (location.kind !== 'mysql') throw new Error(location.kind)
  return location
}

test('a database is used over TLS, and only with a certificate of the authority in the URL', async (t) => {
  await using directory = await temporaryDirectory('mysql-tls')
  const ours = makeAuthority(directory.path)
  const others = makeAuthority(directory.path, 'other')
  const { cert, key } = await ours.issue('server', 'IP:127.0.0.1')
  const named = await ours.issue('client', 'DNS:client')
  await using server = await startMariadb([
    `--ssl-ca=${ours.ca}`,
    `--ssl-cert=${cert}`,
    `--ssl-key=${key}`,
    '--require-secure-transport=ON',
  ])
  const database = await server.createDatabase({ ssl: { rejectUnauthorized: false } })
  const password = encodeURIComponent(server.password.reveal())
  const ask = async (query: string): Promise<unknown> => {
    const base = `mysql+pymysql://${server.user}:${password}@127.0.0.1:${server.port}/${database}`
    const location = locationOf(`${base}?charset=utf8${query}`)
    const tls = location.tls && readTlsMaterial(location.tls, 'the database')
    const ports = { clock: new SystemClock(), random: new SystemRandom() }
    await using store = openMysqlStore({ ...location, tls }, ports)
    await store.migrate()
    return undefined
  }
  await t.notThrowsAsync(ask(`&ssl_ca=${ours.ca}`))
  await t.notThrowsAsync(ask(`&ssl_verify_cert=true&ssl_ca=${ours.ca}`))
  await t.notThrowsAsync(ask(`&ssl_ca=${ours.ca}&ssl_cert=${named.cert}&ssl_key=${named.key}`))
  await t.notThrowsAsync(ask('&ssl_mode=REQUIRED'))
  const away = { code: 'STORE_UNAVAILABLE' }
  await t.throwsAsync(ask(''), undefined, 'in clear')
  await t.throwsAsync(ask(`&ssl_ca=${others.ca}`), away, 'another authority')
  await t.throwsAsync(ask('&ssl=true'), away, "the system's authorities")
})

test('a certificate for another address is refused when the URL requires the comparison', async (t) => {
  await using directory = await temporaryDirectory('mysql-tls')
  const ours = makeAuthority(directory.path)
  const { cert, key } = await ours.issue('server', 'IP:192.0.2.1')
  await using server = await startMariadb([`--ssl-cert=${cert}`, `--ssl-key=${key}`])
  const database = await server.createDatabase()
  const password = encodeURIComponent(server.password.reveal())
  const ask = async (query: string): Promise<void> => {
    const base = `mysql://${server.user}:${password}@127.0.0.1:${server.port}/${database}`
    const location = locationOf(`${base}?ssl_ca=${ours.ca}${query}`)
    const tls = location.tls && readTlsMaterial(location.tls, 'the database')
    const ports = { clock: new SystemClock(), random: new SystemRandom() }
    await using store = openMysqlStore({ ...location, tls }, ports)
    await store.migrate()
  }
  await t.throwsAsync(ask(''), { code: 'STORE_UNAVAILABLE' })
  await t.throwsAsync(ask('&ssl_verify_identity=true'), { code: 'STORE_UNAVAILABLE' })
  await t.notThrowsAsync(ask('&ssl_verify_cert=true'))
  await t.notThrowsAsync(ask('&ssl_check_hostname=false'))
})
