/** What a caller may do: the route's action against the policy, and the project in the URL. */
import type { FastifyRequest } from 'fastify'
import { CodedError } from '../../schema/errors.ts'
import { pathParam, type GatewayApp } from '../app.ts'
import type { Action, Policy } from '../policy/policy.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller must be allowed to do; routes without an action are open to every valid token. */
    readonly action?: Action
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

/** Refuses callers whom the policy does not allow the route's action. */
export function requirePermission(app: GatewayApp, policy: Policy): void {
  app.addHook('preHandler', async (request) => {
    const { action } = request.routeOptions.config
    if (action === undefined || mayDo(request, policy, action)) return
    throw new CodedError(
      'ACCESS_FORBIDDEN',
      `Policy doesn't allow os_masakari_api:${action} to be performed.`,
    )
  })
}

/** Whether the caller of this request may do something. */
export const mayDo = (request: FastifyRequest, policy: Policy, action: Action): boolean =>
  request.caller !== null && policy.allows(action, request.caller)
