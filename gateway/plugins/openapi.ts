/**
 * The description of the API, generated from the schemas of its routes: OpenAPI 3.1 at
 * `/openapi.json`.
 */
import swagger from '@fastify/swagger'
import { Type } from 'typebox'
import type { GatewayApp } from '../app.ts'

/** Describes every route that is registered later. */
export function describeRoutes(app: GatewayApp): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: {
        title: 'Instance high availability',
        description:
          'Keeps instances running when a host dies. Every path under /v1 exists a second time with the project id ' +
          'after /v1.',
        version: '1.0',
      },
      components: {
        securitySchemes: {
          token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' },
          bearer: { type: 'http', scheme: 'bearer' },
          basic: { type: 'http', scheme: 'basic' },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const { action } = route.config ?? {}
      const hide = /:projectId|^\/console/.test(url) || !('schema' in route)
      const named = action === undefined ? {} : { operationId: action }
      return { schema: { ...schema, ...named, hide, security: securityOf(url) }, url }
    },
  })
  app.register(async (described: GatewayApp) => {
    described.get('/openapi.json', {
      schema: { response: { 200: Type.Unknown() } },
      handler: async () => described.swagger(),
    })
  })
}

function securityOf(url: string): { readonly [scheme: string]: string[] }[] {
  if (url.startsWith('/v1/webhooks/')) return [{ bearer: [] }, { basic: [] }]
  return url.startsWith('/v1') || url === '/health/supervisors' ? [{ token: [] }] : []
}
