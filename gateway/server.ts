/** Builds the REST gateway. It is stateless: all lasting state is in the store. */
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { ClockPort, RandomPort } from '../actors/ports/clock.ts'
import type { ComputePort } from '../actors/ports/compute.ts'
import type { IdentityPort } from '../actors/ports/identity.ts'
import type { LoginPort } from '../actors/ports/login.ts'
import type { DomainBoard } from '../actors/ports/domain-board.ts'
import type { ObservationBoard } from '../actors/ports/observations.ts'
import type { OperatorStore } from '../actors/ports/operator-store.ts'
import type { InventoryStore, NotificationStore } from '../actors/ports/store.ts'
import type { NotificationId } from '../schema/ids.ts'
import type { Host, Notification } from '../schema/records.ts'
import type { Rehearsal } from '../schema/rehearsal.ts'
import type { GatewayApp } from './app.ts'
import { guardPages, servePages } from './console/console.ts'
import { Door, endWithSession, enterWithSession, type ConsoleOptions } from './console/door.ts'
import { fleetRoute } from './console/fleet.ts'
import { movesRoute } from './console/moves.ts'
import { probeRoute, type ProbeHost } from './console/probe.ts'
import { sessionRoutes } from './console/session-routes.ts'
import type { EventFeed } from './events/feed.ts'
import { Followers } from './events/followers.ts'
import { unknownPath } from './http/faults.ts'
import { createListener, type TlsSettings } from './http/listener.ts'
import { answerMalformed } from './http/malformed.ts'
import type { ListOptions } from './http/paging.ts'
import { compileInput } from './input/validation.ts'
import { authenticator, requireCaller, type Authenticator } from './plugins/auth.ts'
import { refuseForeignPages } from './http/same-origin.ts'
import { shareAcrossOrigins, type CorsOptions } from './plugins/cors.ts'
import { answerError, answerErrors, sendFault } from './plugins/errors.ts'
import {
  healthRoutes,
  supervisorRoute,
  type ReadinessCheck,
  type ShownProcess,
} from './plugins/health.ts'
import { negotiateMicroversion } from './plugins/microversion.ts'
import { describeRoutes } from './plugins/openapi.ts'
import { requireOwnProject, requirePermission } from './plugins/policy.ts'
import { limitRequests } from './plugins/rate-limit.ts'
import { nameRequests, readJson, refuseTrailingSlashes, typeAnswers } from './plugins/requests.ts'
import { cutSlowReaders } from './plugins/slow-readers.ts'
import { requireWebhookCredentials } from './plugins/webhook-auth.ts'
import type { Policy } from './policy/policy.ts'
import { eventRoutes } from './routes/events.ts'
import { evidenceRoute } from './routes/evidence.ts'
import { extensionRoutes } from './routes/extensions.ts'
import { hostRoutes } from './routes/hosts.ts'
import { instanceRoutes } from './routes/instances.ts'
import { notificationRoutes } from './routes/notifications.ts'
import { planRoute } from './routes/plan.ts'
import { segmentPolicyRoutes, type PolicyInForce } from './routes/segment-policy.ts'
import { segmentRoutes } from './routes/segments.ts'
import { listVersions, offerVersions, showVersion } from './routes/versions.ts'
import { vmMoveRoutes } from './routes/vm-moves.ts'
import { webhookRoutes, type Webhook } from './routes/webhooks.ts'
import { commandRoutes } from './routes/commands.ts'
import { projectView, type ProjectView } from './views/project-view.ts'
import type { ObjectionOf } from './views/protection.ts'

const HANDLER_TIMEOUT_MS = 30_000

/** What the gateway needs from other parts. */
export interface GatewayDependencies {
  readonly store: InventoryStore & NotificationStore & OperatorStore
  readonly compute: Pick<ComputePort, 'findService' | 'listProjectInstances'>
  /** When undefined, no token is needed and every caller is an administrator. */
  readonly identity: IdentityPort | undefined
  /** Logs people in who use the console; undefined together with `identity`. */
  readonly login: LoginPort | undefined
  /**
   * Hands an accepted notification over to the engine. When this fails, the engine finds the row in
   * the store.
   */
  readonly announce: (notification: Notification) => Promise<void>
  /**
   * Tells the engine that a command was given for one recovery, or for all. When this message is
   * lost, the engine finds the command in the store.
   */
  readonly commanded: (about: NotificationId | null) => void
  readonly policy: Policy
  /** The engine's own rules, so that a project is told exactly what the engine would do. */
  readonly objection: ObjectionOf
  /** What would happen to a host, by the same rules. */
  readonly rehearse: (host: Host, signal: AbortSignal) => Promise<Rehearsal>
  /** Asks a host that is to be registered, with the settings that a person typed. */
  readonly probeHost: ProbeHost
  /** The policy of a segment, from its operators' choices and the configuration. */
  readonly policyInForce: PolicyInForce
  /** What the observers report about hosts. */
  readonly observations: ObservationBoard
  /** The failure domains of hosts, as the leader uses them. */
  readonly domains: DomainBoard
  /** Progress of recoveries, for clients that follow events. */
  readonly feed: EventFeed
  /** When undefined, Alertmanager cannot report faults. */
  readonly webhook?: Webhook
  readonly readiness: readonly ReadinessCheck[]
  /** True while an operator keeps this process out of the load balancer. */
  readonly outOfService: () => boolean
  /** The running actors of this process's roles. */
  readonly supervisors: () => readonly ShownProcess[]
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly log: FastifyBaseLogger | false
  readonly options: GatewayOptions
}

export interface GatewayOptions {
  /** Largest page of a list, which is also the default. Masakari: `osapi_max_limit`, 1000. */
  readonly maxLimit: number
  /** Reports of one fault within so many ms are duplicates of each other. */
  readonly duplicateWindowMs: number
  /** Address of the Identity service that callers without a token are told. */
  readonly publicAuthUrl?: string
  /** Replaces the scheme and host of links; its path is put in front of theirs. */
  readonly linkPrefix?: string
  /** Whether links follow the headers of a proxy in front. */
  readonly trustProxy: boolean
  readonly cors: CorsOptions
  /** When undefined, no console is served. */
  readonly console?: ConsoleOptions
  /** Longest body of a request, bytes. Masakari: `max_request_body_size`, 114688. */
  readonly bodyBytesMax: number
  /** Regular expression that the project id in a path must match. Masakari: `project_id_regex`. */
  readonly projectIdPattern: string
  /** When undefined, the server uses plain HTTP, for use behind a proxy that does TLS. */
  readonly tls?: TlsSettings
  /** Limit for one token at this gateway; undefined sets no limit. */
  readonly requestsPerMinute?: number
}

/** Builds the gateway. It does not listen yet. */
export function buildGateway(dependencies: GatewayDependencies): FastifyInstance {
  const { clock, random, log, options } = dependencies
  const app = fastify({
    ...(log === false ? { logger: false } : { loggerInstance: log }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyBytesMax,
    clientErrorHandler: answerMalformed,
    serverFactory: createListener(options.tls),
    handlerTimeout: HANDLER_TIMEOUT_MS,
    exposeHeadRoutes: false,
    requestIdHeader: false,
    genReqId: () => `req-${random.uuid()}`,
    rewriteUrl: (request) => (request.url ?? '/').replace(/^\/+/, '/'),
    routerOptions: { maxParamLength: 255 },
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply, options.publicAuthUrl)
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setValidatorCompiler(compileInput)
  // The views already have the form of the schemas, so compiling a serializer for each answer would
  // only cost time at the start.
  app.setSerializerCompiler(() => JSON.stringify)
  // Writing a long text to the socket takes twice the time of writing a buffer.
  app.addHook('onSend', (_request, _reply, payload, done) => {
    done(null, typeof payload === 'string' ? Buffer.from(payload) : payload)
  })
  endConnections(app)
  app.decorateRequest('caller', null)
  app.decorateRequest('session', null)
  answerErrors(app, options.publicAuthUrl)
  logAnswers(app)
  shareAcrossOrigins(app, options.cors)
  app.setNotFoundHandler((request, reply) => offerVersions(request, reply, linksOf(options)))

  cutSlowReaders(app, clock)
  const known = authenticator(dependencies.identity, clock)
  describeRoutes(app)
  app.register(async (everybody: GatewayApp) => {
    listVersions(everybody, linksOf(options))
    healthRoutes(everybody, dependencies)
  })
  app.register(async (operators: GatewayApp) => {
    if (dependencies.identity === undefined) refuseForeignPages(operators, originsOf(options))
    requireCaller(operators, known, options.trustProxy)
    requirePermission(operators, dependencies.policy)
    supervisorRoute(operators, dependencies.supervisors)
  })
  app.register(async (hooks: GatewayApp) => buildWebhooks(hooks, dependencies), {
    prefix: '/v1/webhooks',
  })
  const resources = {
    ...dependencies,
    view: projectView(dependencies),
    followers: new Followers(),
    authenticator: known,
  }
  app.register(async (v1: GatewayApp) => buildV1(v1, resources), { prefix: '/v1' })
  app.register(async (pages: GatewayApp) => buildConsole(pages, resources), { prefix: '/console' })
  return app
}

/**
 * An answer that is sent while the server ends closes its connection. Otherwise a caller that keeps
 * the connection would delay the end by minutes.
 */
function endConnections(app: FastifyInstance): void {
  let isEnding = false
  app.addHook('preClose', async () => {
    isEnding = true
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isEnding) reply.header('connection', 'close')
  })
}

/** Senders of alerts have no tokens of the Identity service. */
function buildWebhooks(app: GatewayApp, dependencies: GatewayDependencies): void {
  const { webhook, options } = dependencies
  if (webhook === undefined) return
  nameRequests(app)
  requireWebhookCredentials(app, webhook)
  const { duplicateWindowMs } = options
  webhookRoutes(app, { ...dependencies, webhook, duplicateWindowMs })
}

/** With a door, callers are the people of its sessions. */
function buildV1(app: GatewayApp, resources: Resources, door?: Door): void {
  const { options, policy, identity, authenticator: known } = resources
  nameRequests(app)
  if (door !== undefined) enterWithSession(app, door)
  else if (identity === undefined) refuseForeignPages(app, originsOf(options))
  requireCaller(app, known, options.trustProxy)
  if (door !== undefined) endWithSession(app, door)
  negotiateMicroversion(app)
  readJson(app)
  if (identity !== undefined) requireOwnProject(app)
  requirePermission(app, policy)
  typeAnswers(app)
  app.setNotFoundHandler((_request, reply) => sendFault(reply, unknownPath()))
  if (options.requestsPerMinute !== undefined) limitRequests(app, options.requestsPerMinute)
  showVersion(app, linksOf(options))
  if (door !== undefined) {
    fleetRoute(app, resources)
    movesRoute(app, { ...resources, options: linksOf(options) })
    probeRoute(app, resources)
    supervisorRoute(app, resources.supervisors)
  }
  for (const prefix of ['', `/:projectId(^${options.projectIdPattern}$)`]) {
    app.register(async (each: GatewayApp) => buildResources(each, resources), { prefix })
  }
}

/** The pages, their sessions, and the same resources once more, for the person of a session. */
function buildConsole(app: GatewayApp, resources: Resources): void {
  const { options, identity, clock } = resources
  const settings = options.console
  if (settings === undefined) return
  const needsLogin = identity !== undefined
  const door = new Door({ clock, links: linksOf(options), options: settings, needsLogin })
  guardPages(app)
  app.setNotFoundHandler((_request, reply) => sendFault(reply, unknownPath()))
  servePages(app)
  app.register(async (sessions: GatewayApp) => {
    readJson(sessions)
    const { idleMs } = settings
    const { trustProxy } = options
    sessionRoutes(sessions, { ...resources, door, idleMs, trustProxy })
  })
  app.register(async (v1: GatewayApp) => buildV1(v1, resources, door), { prefix: '/v1' })
}

/** What all resources share, with and without the project id in the path. */
interface Resources extends GatewayDependencies {
  readonly view: ProjectView
  readonly followers: Followers
  readonly authenticator: Authenticator
}

function buildResources(app: GatewayApp, dependencies: Resources): void {
  const { store, policy, options } = dependencies
  const listOptions = linksOf(options)
  refuseTrailingSlashes(app)
  segmentRoutes(app, store, listOptions)
  segmentPolicyRoutes(app, dependencies)
  hostRoutes(app, { ...dependencies, options: listOptions })
  notificationRoutes(app, {
    ...dependencies,
    options: { ...listOptions, duplicateWindowMs: options.duplicateWindowMs },
  })
  vmMoveRoutes(app, { ...dependencies, options: listOptions })
  planRoute(app, dependencies)
  evidenceRoute(app, store, listOptions)
  commandRoutes(app, dependencies)
  instanceRoutes(app, { ...dependencies, options: listOptions })
  eventRoutes(app, dependencies)
  extensionRoutes(app, policy)
}

const linksOf = ({ maxLimit, linkPrefix, trustProxy }: GatewayOptions): ListOptions => ({
  maxLimit,
  linkPrefix,
  trustProxy,
})

const originsOf = (options: GatewayOptions) => ({ ...linksOf(options), ...options.cors })

/**
 * Logs one line for each request, with the route instead of the URL, because the query may hold
 * private values.
 */
function logAnswers(app: GatewayApp): void {
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        tookMs: Math.round(reply.elapsedTime),
        user: request.caller?.userId ?? null,
      },
      'answered',
    )
  })
}
