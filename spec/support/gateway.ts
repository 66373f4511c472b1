/**
 * A gateway on the real store, with an Identity service and a Compute service that specs control.
 */
import type { FastifyBaseLogger, FastifyInstance, InjectOptions } from 'fastify'
import type { Instance } from '../../actors/ports/compute.ts'
import type { Caller } from '../../actors/ports/identity.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import { EventFeed } from '../../gateway/events/feed.ts'
import { HostObservations } from '../../actors/verification/host-observations.ts'
import { ToldDomains } from '../../actors/verification/told-domains.ts'
import { compilePolicy } from '../../gateway/policy/policy.ts'
import { buildGateway, type GatewayDependencies } from '../../gateway/server.ts'
import { hostName, instanceId, type NotificationId } from '../../schema/ids.ts'
import type { Notification } from '../../schema/records.ts'
import { NOTHING } from '../../schema/resources.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { policyInForce } from './policy-in-force.ts'

export const PROJECT = '0123456789abcdef0123456789abcdef'
/** The project of the gateway's own account. */
export const SERVICE_PROJECT = 'fedcba9876543210fedcba9876543210'

/** What a spec may read or replace. */
export interface GatewayWorld extends AsyncDisposable {
  readonly app: FastifyInstance
  readonly store: StorePort
  readonly clock: VirtualClock
  readonly announced: Notification[]
  /** The subjects of the messages that the engine received. */
  readonly commandsGiven: (NotificationId | null)[]
  readonly observations: HostObservations
  readonly domains: ToldDomains
  readonly feed: EventFeed
  /** Tokens and their owners. */
  readonly callers: Map<string, Caller>
  /** How often the Identity service was asked. */
  asked(): number
  call(request: Request): Promise<Answer>
}

interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD' | 'OPTIONS'
  readonly url: string
  readonly body?: unknown
  readonly version?: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** The decoded body; undefined when it is not JSON. */
  readonly json: unknown
}

type Replaced = Partial<
  Pick<
    GatewayDependencies,
    | 'announce'
    | 'readiness'
    | 'supervisors'
    | 'identity'
    | 'login'
    | 'probeHost'
    | 'policy'
    | 'outOfService'
    | 'webhook'
    | 'objection'
    | 'rehearse'
  >
> & {
  readonly compute?: Partial<GatewayDependencies['compute']>
  readonly options?: Partial<GatewayDependencies['options']>
  readonly log?: FastifyBaseLogger
  readonly wrapStore?: (store: StorePort) => GatewayDependencies['store']
}

/** Starts a gateway. Compute does not know hosts whose names begin with `unknown`. */
export async function startGateway(replaced: Replaced = {}): Promise<GatewayWorld> {
  const clock = new VirtualClock()
  const random = new SystemRandom()
  const store = openSqliteStore(':memory:', { clock, random })
  await store.migrate()
  const announced: Notification[] = []
  const commandsGiven: (NotificationId | null)[] = []
  const callers = new Map<string, Caller>([
    ['admin-token', caller(clock, 'admin')],
    ['reader-token', { ...caller(clock, 'reader'), projectId: SERVICE_PROJECT }],
    ['system-reader-token', { ...caller(clock, 'reader'), projectId: null, systemScope: true }],
    // In Keystone, member implies reader, so every user of the cloud is accepted here.
    ['user-token', { ...caller(clock, 'member'), roles: ['member', 'reader'] }],
    ['member-token', caller(clock, 'member')],
    ['reporter-token', caller(clock, 'reporter')],
    ['stranger-token', caller(clock, 'swift-user')],
  ])
  const observations = new HostObservations(clock, 60_000)
  const domains = new ToldDomains(clock)
  const feed = new EventFeed()
  let asked = 0
  const { options, log, wrapStore, compute, ...ports } = replaced
  const app = buildGateway({
    store: wrapStore?.(store) ?? store,
    compute: {
      findService: async (host) => serviceOf(host),
      listProjectInstances: async () => [],
      ...compute,
    },
    identity: {
      validate: async (token) => {
        asked += 1
        return callers.get(token)
      },
    },
    login: undefined,
    probeHost: async () => [],
    announce: async (notification) => {
      announced.push(notification)
    },
    commanded: (about) => {
      commandsGiven.push(about)
    },
    policy: compilePolicy({}),
    objection: () => undefined,
    rehearse: async () => ({ decision: 'act', reason: null, fates: [] }),
    policyInForce,
    observations,
    domains,
    feed,
    outOfService: () => false,
    readiness: [{ name: 'store', need: 'vital', check: () => store.ping() }],
    supervisors: () => [],
    clock,
    random,
    log: log ?? false,
    ...ports,
    options: {
      maxLimit: 1000,
      bodyBytesMax: 114_688,
      projectIdPattern: '[0-9a-f\\-]+',
      trustProxy: false,
      cors: { allowedOrigins: [], credentials: true, maxAgeSeconds: 3600 },
      duplicateWindowMs: 180_000,
      publicAuthUrl: 'http://keystone.example/v3',
      ...options,
    },
  })
  return {
    app,
    store,
    clock,
    announced,
    commandsGiven,
    observations,
    domains,
    feed,
    callers,
    asked: () => asked,
    call: (request) => call(app, request),
    async [Symbol.asyncDispose]() {
      await app.close()
      await store[Symbol.asyncDispose]()
    },
  }
}

const caller = (clock: VirtualClock, role: string): Caller => ({
  userId: `${role}-user`,
  projectId: PROJECT,
  systemScope: false,
  serviceProjectId: SERVICE_PROJECT,
  roles: [role],
  expiresAt: clock.wallMs() + 3_600_000,
})

type Service = Awaited<ReturnType<GatewayDependencies['compute']['findService']>>
type ServiceHost = Parameters<GatewayDependencies['compute']['findService']>[0]

const serviceOf = (host: ServiceHost): Service =>
  host.startsWith('unknown')
    ? undefined
    : {
        id: '1',
        host,
        up: true,
        disabled: false,
        disabledReason: null,
        forcedDown: false,
        zone: null,
        writtenAt: 0,
        writtenAgoMs: 0,
      }

async function call(app: FastifyInstance, request: Request): Promise<Answer> {
  const { method = 'GET', url, body, version, token = 'admin-token', headers = {} } = request
  const raw = typeof body === 'string' || Buffer.isBuffer(body)
  const options: InjectOptions = {
    method,
    url,
    headers: {
      ...(token === '' ? {} : { 'x-auth-token': token }),
      ...(version === undefined ? {} : { 'openstack-api-version': `instance-ha ${version}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: raw ? body : JSON.stringify(body) }),
  }
  const { statusCode, headers: answered, payload } = await app.inject(options)
  return { status: statusCode, headers: answered, text: payload, json: decoded(payload) }
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** A member of an answer, found by its path; undefined when it is missing. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? Object.entries(inner).find(([name]) => name === String(key))?.[1]
        : undefined,
    value,
  )

/** The same, as a text. */
export const textAt = (value: unknown, ...path: readonly (string | number)[]): string =>
  String(at(value, ...path))

/** Creates a segment and returns its uuid. */
export async function aSegment(world: GatewayWorld, name = 'rack-1'): Promise<string> {
  const segment = { name, recovery_method: 'auto', service_type: 'COMPUTE' }
  const { json } = await world.call({ method: 'POST', url: '/v1/segments', body: { segment } })
  return textAt(json, 'segment', 'uuid')
}

/** An instance of the callers' project, as Compute shows it. */
export const anInstance = (number: number, change: Partial<Instance> = {}): Instance => ({
  id: instanceId(`0f0e0d0c-0000-4000-8000-${String(number).padStart(12, '0')}`),
  name: `vm-${number}`,
  project: PROJECT,
  host: hostName('compute-1'),
  vmState: 'active',
  taskState: null,
  powerState: 1,
  metadata: {},
  volumeBacked: true,
  needs: NOTHING,
  locked: false,
  request: null,
  zone: null,
  ...change,
})

/** Creates a host and returns its uuid. */
export async function aHost(
  world: GatewayWorld,
  segment: string,
  name = 'compute-1',
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const host = { name, type: 'COMPUTE', control_attributes: 'label', ...more }
  const url = `/v1/segments/${segment}/hosts`
  const { json } = await world.call({ method: 'POST', url, body: { host } })
  return textAt(json, 'host', 'uuid')
}

/** A body of `POST /notifications` about a failed host. */
export const hostFailure = (hostname = 'compute-1', generatedTime = '2026-01-01T00:00:00') => ({
  notification: {
    type: 'COMPUTE_HOST',
    hostname,
    generated_time: generatedTime,
    payload: { event: 'STOPPED', host_status: 'NORMAL', cluster_status: 'OFFLINE' },
  },
})
