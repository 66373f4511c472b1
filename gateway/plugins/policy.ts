/** What a caller may do: rules by role, and the project in the URL. */
import type { FastifyRequest } from 'fastify'
import { CodedError } from '../../schema/errors.ts'
import { pathParam, type GatewayApp } from '../app.ts'

const ADMIN = ['admin'] as const
const READERS = ['admin', 'reader'] as const
const MEMBERS = ['admin', 'reader', 'member'] as const

const RULES = {
  'segments:index': MEMBERS,
  'segments:detail': MEMBERS,
  'segments:create': ADMIN,
  'segments:update': ADMIN,
  'segments:delete': ADMIN,
  'os-hosts:index': READERS,
  'os-hosts:detail': READERS,
  'os-hosts:create': ADMIN,
  'os-hosts:update': ADMIN,
  'os-hosts:delete': ADMIN,
  'notifications:index': MEMBERS,
  'notifications:detail': MEMBERS,
  'notifications:create': ADMIN,
  'vmoves:index': READERS,
  'vmoves:detail': READERS,
  'extensions:index': READERS,
  'extensions:detail': READERS,
  'supervisors:index': READERS,
} as const satisfies Record<string, readonly string[]>

/** Name of a rule, without the prefix `os_masakari_api:`. */
export type Rule = keyof typeof RULES

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller must be allowed to do; routes without a rule are open to every valid token. */
    readonly rule?: Rule
  }
}

/** The project in the URL must be the token's. */
export function requireOwnProject(app: GatewayApp): void {
  app.addHook('preValidation', async (request) => {
    const asked = pathParam(request, 'projectId')
    if (asked === undefined || asked === request.caller?.projectId) return
    throw new CodedError(
      'INPUT_INVALID',
      `Malformed request url: the project id ${asked} in the URL does not match the project of the token`,
    )
  })
}

/** Refuses callers that the route's rule does not name. */
export function requireRole(app: GatewayApp): void {
  app.addHook('preHandler', async (request) => {
    const { rule } = request.routeOptions.config
    if (rule === undefined || hasRole(request, RULES[rule])) return
    throw new CodedError(
      'ACCESS_FORBIDDEN',
      `Policy doesn't allow os_masakari_api:${rule} to be performed.`,
    )
  })
}

/** True for callers who may see what opens a machine. */
export const isAdmin = (request: FastifyRequest): boolean => hasRole(request, ADMIN)

const hasRole = (request: FastifyRequest, allowed: readonly string[]): boolean =>
  request.caller?.roles.some((role) => allowed.includes(role.toLowerCase())) === true
