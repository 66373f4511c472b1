/**
 * The small server of each process, whatever its roles: health, the supervision trees, and metrics. It needs no token and shows
 * no secrets, so it listens on loopback unless an option says otherwise.
 */
import { fastify, type FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { GatewayApp } from './app.ts'
import { createListener } from './http/listener.ts'
import {
  healthRoutes,
  supervisorRoute,
  type HealthRoutesDependencies,
  type ShownProcess,
} from './plugins/health.ts'

/** Load balancers, Prometheus and an operator; more callers than that wait for nothing useful. */
const CONNECTIONS_MAX = 32
const HANDLER_TIMEOUT_MS = 10_000
/** No route takes a body. */
const BODY_BYTES_MAX = 1024

export interface HealthServerDependencies extends Omit<HealthRoutesDependencies, 'outOfService'> {
  readonly supervisors: () => readonly ShownProcess[]
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>
}

/** Builds it. It does not listen yet. */
export function buildHealthServer(dependencies: HealthServerDependencies): FastifyInstance {
  const app: GatewayApp = fastify({
    logger: false,
    exposeHeadRoutes: false,
    bodyLimit: BODY_BYTES_MAX,
    handlerTimeout: HANDLER_TIMEOUT_MS,
    forceCloseConnections: true,
    serverFactory: (handler) => {
      const server = createListener(undefined)(handler)
      server.maxConnections = CONNECTIONS_MAX
      return server
    },
  }).withTypeProvider<TypeBoxTypeProvider>()
  healthRoutes(app, { ...dependencies, outOfService: () => false })
  supervisorRoute(app, dependencies.supervisors)
  app.get('/metrics', async (_request, reply) => {
    const { type, text } = await dependencies.metrics()
    return await reply.type(type).send(text)
  })
  return app
}
