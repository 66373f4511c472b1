/**
 * Answers 405 for methods that a path has in Masakari's router but that the resource does not
 * implement.
 */
import type { HTTPMethods } from 'fastify'
import type { GatewayApp } from '../app.ts'
import { CodedError } from '../../schema/errors.ts'

/** Answers 405 with the methods that are allowed. */
export function refuseMethods(
  app: GatewayApp,
  url: string,
  methods: readonly HTTPMethods[],
  allowed: string,
): void {
  app.route({
    method: [...methods],
    url,
    handler: async (request, reply) => {
      reply.header('allow', allowed)
      throw new CodedError(
        'METHOD_NOT_ALLOWED',
        `The method ${request.method} is not allowed for this resource.`,
      )
    },
  })
}

/** Paths that Masakari's router makes for every resource and that no resource implements. */
export function refuseUnusedPaths(app: GatewayApp, collection: string): void {
  refuseMethods(app, `${collection}/new`, ['GET'], '')
  refuseMethods(app, `${collection}/:id/edit`, ['GET'], '')
  refuseMethods(app, `${collection}/:id/action`, ['POST'], '')
}
