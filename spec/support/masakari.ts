/**
 * Masakari itself, as the distribution packages it (Debian: python3-masakari, python3-pymysql), for
 * comparison with the gateway. Its own WSGI script serves it, with the middleware of its sample
 * configuration. A token is validated once and then cached, as in our gateway. It has no engine.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MariadbServer } from './mariadb.ts'
import { HttpKeystone, type KeystoneAccount } from '../../ops/simulated-cloud/http-keystone.ts'
import {
  HttpServer,
  type HttpReply,
  type ServedRequest,
} from '../../ops/simulated-cloud/http-server.ts'
import { freePlace, freePort, program, startServer, temporaryDirectory } from './process.ts'

export interface Masakari extends AsyncDisposable {
  readonly address: string
  readonly pid: number
  /** The token of an administrator. */
  readonly token: string
  /** Its database on that server. */
  readonly database: string
  /** The path of its masakari.conf. */
  readonly config: string
  readonly keystone: HttpKeystone
  /** What Nova was asked for, without reads. */
  readonly novaWrites: readonly string[]
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

export const MASAKARI_ACCOUNT: KeystoneAccount = {
  username: 'masakari',
  password: 'benchmark',
  project: 'service',
}

const python = '/usr/bin/python3' // Debian's own, which has Debian's packages

/** Starts it on a database of its own. Nova knows every host. `fill` runs before it begins to serve. */
export async function startMasakari(
  mariadb: MariadbServer,
  fill: (database: string) => Promise<void> = () => Promise.resolve(),
): Promise<Masakari> {
  program('/usr/bin/masakari-wsgi', 'python3-masakari python3-pymysql')
  await using opening = new AsyncDisposableStack()
  const novaWrites: string[] = []
  const nova = opening.use(
    await HttpServer.start(await freePlace(), (request) => answerAsNova(request, novaWrites)),
  )
  const account = MASAKARI_ACCOUNT
  const keystone = opening.use(
    await HttpKeystone.start(await freePlace(), account, 'bench', `${nova.url}/v2.1`),
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
rpc_response_timeout = 1
state_path = ${path}
nova_catalog_admin_info = compute:compute:publicURL
os_privileged_user_auth_url = ${keystone.url}
os_privileged_user_name = ${account.username}
os_privileged_user_password = ${account.password}
os_privileged_user_tenant = ${account.project}
[database]
connection = mysql+pymysql://${user}:${secret}@${host}:${port}/${database}
[keystone_authtoken]
auth_type = password
auth_url = ${keystone.url}
www_authenticate_uri = ${keystone.url}
username = ${account.username}
password = ${account.password}
project_name = ${account.project}
user_domain_id = default
project_domain_id = default
service_token_roles_required = false
interface = public
[wsgi]
api_paste_config = ${join(path, 'api-paste.ini')}
`,
    { mode: 0o600 },
  )
  const sync = ['/usr/bin/masakari-manage', '--config-file', config, 'db', 'sync']
  const migration = await startServer({ command: python, args: sync })
  await migration.ended
  if (migration.exitStatus() !== 0) throw new Error(migration.output())
  await fill(database)
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
      readyTimeoutMs: 180_000, // Python loads many modules, and other specs run at the same time
    }),
  )
  const parts = opening.move()
  return {
    address: `http://127.0.0.1:${listen}`,
    pid: child.pid,
    token: keystone.issue('admin'),
    database,
    config,
    keystone,
    novaWrites,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Nova's list of services: each host that is asked for has a nova-compute. */
async function answerAsNova({ method, url }: ServedRequest, writes: string[]): Promise<HttpReply> {
  if (method !== 'GET') writes.push(`${method} ${url.pathname}`)
  if (/^\/v2\.1\/?$/.test(url.pathname)) return { status: 200, body: { version: VERSION } }
  if (!url.pathname.endsWith('/os-services')) return { status: 404 }
  const host = url.searchParams.get('host')
  const service = { id: '1', binary: 'nova-compute', host, state: 'up', status: 'enabled' }
  return { status: 200, body: { services: host === null ? [] : [service] } }
}

const VERSION = { id: 'v2.1', status: 'CURRENT', version: '2.95', min_version: '2.1', links: [] }
