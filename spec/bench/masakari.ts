/**
 * Masakari itself, as the distribution packages it (Debian: python3-masakari, python3-pymysql), for
 * comparison with the gateway. Its own WSGI script serves it, with the middleware of its sample
 * configuration. A token is validated once and then cached, as in our gateway.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import type { MariadbServer } from '../support/mariadb.ts'
import { HttpKeystone } from '../../ops/simulated-cloud/http-keystone.ts'
import { freePlace, freePort, startServer, temporaryDirectory } from '../support/process.ts'
import { NUMBERS } from './numbers.ts'

/** The rows in its database: hosts of one segment, ended notifications. */
export interface Filling {
  readonly hosts: number
  readonly stored: number
}

export interface Masakari extends AsyncDisposable {
  readonly address: string
  readonly pid: number
  /** The token of an administrator. */
  readonly token: string
}

/** As in Masakari's own sample. */
const PIPELINE = `
[composite:masakari_api]
use = call:masakari.api.urlmap:urlmap_factory
/v1: masakari_api_v1

[composite:masakari_api_v1]
use = call:masakari.api.auth:pipeline_factory_v1
keystone = cors http_proxy_to_wsgi request_id faultwrap sizelimit authtoken keystonecontext osapi_masakari_app_v1

[filter:cors]
paste.filter_factory = oslo_middleware.cors:filter_factory
oslo_config_project = masakari

[filter:http_proxy_to_wsgi]
paste.filter_factory = oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory

[filter:request_id]
paste.filter_factory = oslo_middleware:RequestId.factory

[filter:faultwrap]
paste.filter_factory = masakari.api.openstack:FaultWrapper.factory

[filter:sizelimit]
paste.filter_factory = oslo_middleware:RequestBodySizeLimiter.factory

[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory

[filter:keystonecontext]
paste.filter_factory = masakari.api.auth:MasakariKeystoneContext.factory

[app:osapi_masakari_app_v1]
paste.app_factory = masakari.api.openstack.ha:APIRouterV1.factory
`

/**
 * Its WSGI script. The context of Debian's 14.0.2 refuses an argument of newer oslo.messaging, so
 * that each POST would store its row and answer 500. The script replaces a missing value by
 * Masakari's own default.
 */
const PROGRAM = `
import runpy
from masakari.context import RequestContext as Context
known = Context.read_deleted
Context.read_deleted = property(known.fget, lambda self, value: known.fset(self, value or 'no'))
runpy.run_path('/usr/bin/masakari-wsgi', run_name='__main__')
`

const ACCOUNT = { username: 'masakari', password: 'benchmark', project: 'service' }

const python = '/usr/bin/python3' // Debian's own, which has Debian's packages

/** Starts it on its own database. */
export async function startMasakari(mariadb: MariadbServer, filling: Filling): Promise<Masakari> {
  await using opening = new AsyncDisposableStack()
  const keystone = opening.use(
    await HttpKeystone.start(await freePlace(), ACCOUNT, 'bench', 'http://127.0.0.1:9'),
  )
  keystone.offer('identity', keystone.url)
  const { path } = opening.use(await temporaryDirectory('masakari'))
  const database = await mariadb.createDatabase()
  const { host, port, user, password } = mariadb
  const secret = encodeURIComponent(password.reveal())
  const config = join(path, 'masakari.conf')
  await writeFile(join(path, 'api-paste.ini'), PIPELINE)
  await writeFile(
    config,
    `[DEFAULT]
auth_strategy = keystone
transport_url = fake:///
state_path = ${path}
[database]
connection = mysql+pymysql://${user}:${secret}@${host}:${port}/${database}
[keystone_authtoken]
auth_type = password
auth_url = ${keystone.url}
www_authenticate_uri = ${keystone.url}
username = ${ACCOUNT.username}
password = ${ACCOUNT.password}
project_name = ${ACCOUNT.project}
user_domain_id = default
project_domain_id = default
service_token_roles_required = false
interface = public
[wsgi]
api_paste_config = ${join(path, 'api-paste.ini')}
`,
  )
  const sync = ['/usr/bin/masakari-manage', '--config-file', config, 'db', 'sync']
  const migration = await startServer({ command: python, args: sync })
  await migration.ended
  if (migration.exitStatus() !== 0) throw new Error(migration.output())
  await fill({ host, port, user, password: password.reveal(), database }, filling)
  const listen = await freePort()
  const child = opening.use(
    await startServer({
      command: python,
      // prettier-ignore
      args: [
        '-c', PROGRAM, '--host', '127.0.0.1', '--port', String(listen), '--', '--config-file', config,
      ],
      env: { OS_MASAKARI_CONFIG_DIR: path },
      ready: /Available at/,
    }),
  )
  const parts = opening.move()
  return {
    address: `http://127.0.0.1:${listen}`,
    pid: child.pid,
    token: keystone.issue('admin'),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

async function fill(
  access: Parameters<typeof createConnection>[0],
  { hosts, stored }: Filling,
): Promise<void> {
  const connection = await createConnection(access)
  const payload = '{"cluster_status": "OFFLINE", "event": "STOPPED", "host_status": "NORMAL"}'
  const statements = [
    `insert into failover_segments (created_at, deleted, uuid, name, service_type, enabled, recovery_method)
     values (now(), 0, uuid(), 'racks', 'COMPUTE', 1, 'auto')`,
    `insert into hosts (created_at, deleted, uuid, name, reserved, type, control_attributes, on_maintenance, failover_segment_id)
     select now(), 0, uuid(), concat('compute-', n), 0, 'COMPUTE', '', 0, failover_segments.uuid
     from failover_segments join ${NUMBERS} numbers where n <= ${hosts}`,
    `insert into notifications (created_at, updated_at, deleted, notification_uuid, generated_time, source_host_uuid, type, payload, status)
     select from_unixtime(1700000000 + n), from_unixtime(1700000000 + n), 0, uuid(), from_unixtime(1700000000 + n), hosts.uuid, 'COMPUTE_HOST', '${payload}', 'finished'
     from ${NUMBERS} numbers join hosts on hosts.id = 1 + numbers.n % ${hosts} where n <= ${stored}`,
    'analyze table hosts, notifications',
  ]
  for (const statement of statements) await connection.query(statement)
  await connection.end()
}
