/**
 * Checks what a caller may do: the action of the route against the policy, and the project in the
 * URL.
 */
import type { FastifyRequest } from 'fastify'
import { CodedError } from '../../schema/errors.ts'
import { pathParam, type GatewayApp } from '../app.ts'
import type { Action, Policy } from '../policy/policy.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The action that the policy must allow. A route without an action is open to every valid
     * token.
     */
    readonly action?: Action
  }
}

/** Requires that the project in the URL is the project of the token. */
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

/** Refuses callers whom the policy does not allow the action of the route. */
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

/** Whether the policy allows the caller of this request an action. */
export const mayDo = (request: FastifyRequest, policy: Policy, action: Action): boolean =>
  request.caller !== null && policy.allows(action, request.caller)
