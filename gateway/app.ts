/** Types that every file of the gateway shares: the application, and what the house adds to a request. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify'
import type { Caller } from '../actors/ports/identity.ts'

/** Fastify with schemas of TypeBox. */
export type GatewayApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null until the token is validated. */
    caller: Caller | null
    /** Minor number of the negotiated microversion 1.Y. */
    minor: number
  }
}

/** One path parameter; undefined when the route has none of this name. */
export function pathParam(request: FastifyRequest, name: string): string | undefined {
  const params: unknown = request.params
  if (typeof params !== 'object' || params === null) return undefined
  const value = Object.entries(params).find(([key]) => key === name)?.[1] as unknown
  return typeof value === 'string' ? value : undefined
}
