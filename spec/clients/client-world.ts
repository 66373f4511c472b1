/** A gateway on a real port that checks tokens with a Keystone and host names with a Nova, both over HTTP. */
import { pino } from 'pino'
import type { StorePort } from '../../actors/ports/store.ts'
import { EventFeed } from '../../gateway/events/feed.ts'
import { HostObservations } from '../../actors/verification/host-observations.ts'
import { compilePolicy } from '../../gateway/policy/policy.ts'
import { buildGateway, type GatewayDependencies } from '../../gateway/server.ts'
import { Secret } from '../../schema/control-attributes.ts'
import { openOpenstack } from '../../transports/openstack/open-openstack.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { startHttpCloud, type HttpCloud } from '../support/http-cloud.ts'
import { policyInForce } from '../support/policy-in-force.ts'
import { silentLog } from '../support/logs.ts'

export interface ClientWorld extends AsyncDisposable {
  readonly store: StorePort
  readonly http: HttpCloud
  readonly url: string
  /** Names of hosts that Compute knows. */
  readonly hosts: readonly string[]
  /** The environment of a user's shell. */
  readonly env: Readonly<Record<string, string>>
}

/** Starts everything. `wrapStore` may add failures to the store. */
export async function startClientWorld(
  wrapStore: (store: StorePort) => GatewayDependencies['store'] = (store) => store,
): Promise<ClientWorld> {
  await using opening = new AsyncDisposableStack()
  const ports = { clock: new SystemClock(), random: new SystemRandom() }
  const http = opening.use(await startHttpCloud({ segments: 1, hostsPerSegment: 3, instances: 3 }))
  const { keystone } = http
  const { account } = keystone
  const openstack = opening.use(
    await openOpenstack({
      authUrl: keystone.url,
      username: account.username,
      password: new Secret(account.password),
      userDomain: { name: 'Default' },
      project: { name: account.project, domain: { name: 'Default' } },
      region: 'one',
      interface: 'public',
      requestTimeoutMs: 5000,
      log: silentLog,
      ...ports,
    }),
  )
  const store = opening.use(openSqliteStore(':memory:', ports))
  await store.migrate()
  const app = buildGateway({
    store: wrapStore(store),
    ...openstack,
    ...ports,
    commanded: () => undefined,
    policy: compilePolicy({}),
    objection: () => undefined,
    rehearse: async () => ({ decision: 'act', reason: null, fates: [] }),
    probeHost: async () => [],
    policyInForce,
    observations: new HostObservations(ports.clock, 60_000),
    domains: { of: () => undefined },
    feed: new EventFeed(),
    announce: async () => undefined,
    readiness: [],
    supervisors: () => [],
    outOfService: () => false,
    log: pino({ level: 'silent' }),
    options: {
      maxLimit: 1000,
      bodyBytesMax: 114_688,
      duplicateWindowMs: 180_000,
      publicAuthUrl: keystone.url,
      trustProxy: false,
      projectIdPattern: '[0-9a-f-]+',
      cors: { allowedOrigins: [], credentials: true, maxAgeSeconds: 3600 },
    },
  })
  opening.defer(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  keystone.offer('instance-ha', `${url}/v1/0123456789abcdef0123456789abcdef`)
  const parts = opening.move()
  return {
    store,
    http,
    url,
    hosts: http.segments.flatMap((segment) => segment.hosts.map(({ name }) => name)),
    env: {
      OS_AUTH_URL: keystone.url,
      OS_USERNAME: account.username,
      OS_PASSWORD: account.password,
      OS_PROJECT_NAME: account.project,
      OS_USER_DOMAIN_NAME: 'Default',
      OS_PROJECT_DOMAIN_NAME: 'Default',
      OS_IDENTITY_API_VERSION: '3',
      OS_REGION_NAME: 'one',
      OS_INTERFACE: 'public',
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
