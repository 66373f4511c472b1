/**
 * Types that all files of the gateway share: the application, and the fields that we add to a
 * request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify'
import type { Caller } from '../actors/ports/identity.ts'

/** Fastify with TypeBox schemas. */
export type GatewayApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifyRequest {
    /** The user who sent the request; null until the token is validated. */
    caller: Caller | null
    /** The minor number of the negotiated microversion 1.Y. */
    minor: number
  }
}

/** The value of one path parameter; undefined when the route has no parameter with this name. */
export function pathParam(request: FastifyRequest, name: string): string | undefined {
  const params: unknown = request.params
  if (typeof params !== 'object' || params === null) return undefined
  const value = Object.entries(params).find(([key]) => key === name)?.[1] as unknown
  return typeof value === 'string' ? value : undefined
}
