/**
 * Answers browsers of other origins, as oslo.middleware does: every OPTIONS request gets 200 and an
 * empty body.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayApp } from '../app.ts'

/** Which other origins may read answers. */
export interface CorsOptions {
  readonly allowedOrigins: readonly string[]
  readonly credentials: boolean
  readonly maxAgeSeconds: number
}

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH']
const EXPOSED = ['X-Auth-Token', 'X-Openstack-Request-Id', 'X-Subject-Token', 'X-Service-Token']
// prettier-ignore
const ALLOWED = [
  'accept', 'accept-language', 'content-type', 'cache-control', 'content-language', 'expires', 'last-modified',
  'pragma', 'x-auth-token', 'x-openstack-request-id', 'x-identity-status', 'x-roles', 'x-service-catalog',
  'x-user-id', 'x-tenant-id', 'openstack-api-version', 'last-event-id',
]

/** Installs both parts: the answer to a preflight request, and the headers of other answers. */
export function shareAcrossOrigins(app: GatewayApp, options: CorsOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    const origin = allowedOrigin(request, options)
    if (request.method === 'OPTIONS') return answerPreflight(request, reply, origin, options)
    if (origin === undefined) return
    allow(reply, origin, options)
    reply.header('access-control-expose-headers', EXPOSED.join(','))
  })
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('access-control-allow-origin')) return
    const vary = reply.getHeader('vary')
    reply.header('vary', typeof vary === 'string' ? `${vary}, Origin` : 'Origin')
  })
}

function allowedOrigin(
  request: FastifyRequest,
  { allowedOrigins }: CorsOptions,
): string | undefined {
  const { origin } = request.headers
  if (origin === undefined || allowedOrigins.includes(origin)) return origin
  return allowedOrigins.includes('*') ? origin : undefined
}

function answerPreflight(
  request: FastifyRequest,
  reply: FastifyReply,
  origin: string | undefined,
  options: CorsOptions,
): FastifyReply {
  const method = request.headers['access-control-request-method']
  const asked = request.headers['access-control-request-headers'] ?? ''
  const headers = asked.split(',').map((name) => name.trim())
  const allowed = headers.every((name) => name === '' || ALLOWED.includes(name.toLowerCase()))
  if (origin !== undefined && method !== undefined && METHODS.includes(method) && allowed) {
    allow(reply, origin, options)
    reply.header('access-control-allow-methods', method)
    reply.header('access-control-max-age', String(options.maxAgeSeconds))
    if (asked !== '') reply.header('access-control-allow-headers', headers.join(','))
  }
  return reply.code(200).send('')
}

function allow(reply: FastifyReply, origin: string, { credentials }: CorsOptions): void {
  reply.header('access-control-allow-origin', origin)
  if (credentials) reply.header('access-control-allow-credentials', 'true')
}
