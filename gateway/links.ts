/** Absolute links to this API, as the caller reaches it. */
import type { FastifyRequest } from 'fastify'

/** Scheme, host and perhaps a path in front of the API's own paths, without a slash at the end. */
export function linkBase(request: FastifyRequest, prefix: string | undefined): string {
  return (prefix ?? `${request.protocol}://${request.host}`).replace(/\/+$/, '')
}
