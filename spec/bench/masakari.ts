/**
 * Masakari itself, as the distribution packages it (Debian: python3-masakari, python3-pymysql): what the gateway is compared
 * with. Its own WSGI script serves it. It checks no tokens, so its figure is better than that of a deployed one.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import type { MariadbServer } from '../support/mariadb.ts'
import { freePort, startServer, temporaryDirectory } from '../support/process.ts'
import { NUMBERS } from './numbers.ts'

export interface Masakari extends AsyncDisposable {
  readonly address: string
  readonly pid: number
}

const PIPELINE = `
[composite:masakari_api]
use = call:masakari.api.urlmap:urlmap_factory
/v1: masakari_api_v1

[composite:masakari_api_v1]
use = call:masakari.api.auth:pipeline_factory_v1
noauth2 = request_id faultwrap noauth2 osapi_masakari_app_v1

[filter:request_id]
paste.filter_factory = oslo_middleware:RequestId.factory

[filter:faultwrap]
paste.filter_factory = masakari.api.openstack:FaultWrapper.factory

[filter:noauth2]
paste.filter_factory = masakari.api.auth:NoAuthMiddleware.factory

[app:osapi_masakari_app_v1]
paste.app_factory = masakari.api.openstack.ha:APIRouterV1.factory
`

const python = '/usr/bin/python3' // Debian's own, which has Debian's packages

/** Starts it on a database of its own with so many ended notifications. */
export async function startMasakari(mariadb: MariadbServer, stored: number): Promise<Masakari> {
  await using opening = new AsyncDisposableStack()
  const { path } = opening.use(await temporaryDirectory('masakari'))
  const database = await mariadb.createDatabase()
  const { host, port, user, password } = mariadb
  const secret = encodeURIComponent(password.reveal())
  const config = join(path, 'masakari.conf')
  await writeFile(join(path, 'api-paste.ini'), PIPELINE)
  await writeFile(
    config,
    `[DEFAULT]
auth_strategy = noauth2
transport_url = fake:///
state_path = ${path}
[database]
connection = mysql+pymysql://${user}:${secret}@${host}:${port}/${database}
[wsgi]
api_paste_config = ${join(path, 'api-paste.ini')}
`,
  )
  const sync = ['/usr/bin/masakari-manage', '--config-file', config, 'db', 'sync']
  const migration = await startServer({ command: python, args: sync })
  await migration.ended
  if (migration.exitStatus() !== 0) throw new Error(migration.output())
  await fill({ host, port, user, password: password.reveal(), database }, stored)
  const listen = await freePort()
  const child = opening.use(
    await startServer({
      command: python,
      // prettier-ignore
      args: [
        '/usr/bin/masakari-wsgi', '--host', '127.0.0.1', '--port', String(listen), '--', '--config-file', config,
      ],
      env: { OS_MASAKARI_CONFIG_DIR: path },
      ready: /Available at/,
    }),
  )
  const parts = opening.move()
  return {
    address: `http://127.0.0.1:${listen}`,
    pid: child.pid,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

async function fill(access: Parameters<typeof createConnection>[0], stored: number): Promise<void> {
  const connection = await createConnection(access)
  const payload = '{"cluster_status": "OFFLINE", "event": "STOPPED", "host_status": "NORMAL"}'
  await connection.query(
    `insert into notifications (created_at, updated_at, deleted, notification_uuid, generated_time, source_host_uuid, type, payload, status)
     select from_unixtime(1700000000 + n), from_unixtime(1700000000 + n), 0, uuid(), from_unixtime(1700000000 + n), uuid(), 'COMPUTE_HOST', '${payload}', 'finished'
     from ${NUMBERS} numbers where n <= ${stored}`,
  )
  await connection.query('analyze table notifications')
  await connection.end()
}
