/**
 * Refuses what pages of other origins send. A browser says with each request which page made it; a
 * caller that is no browser has no cookie of ours.
 */
import type { FastifyRequest } from 'fastify'
import { CodedError } from '../../schema/errors.ts'
import { linkBase, type LinkOptions } from '../http/links.ts'

/** ACCESS_FORBIDDEN for a request that a page of another origin has made. */
export function requireSameOrigin(request: FastifyRequest, options: LinkOptions): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw foreign()
  if (origin === undefined) return
  const host = URL.parse(origin)?.host
  const own = [request.host, URL.parse(linkBase(request, options))?.host]
  if (host === undefined || host === '' || !own.includes(host)) throw foreign()
}

const foreign = (): CodedError =>
  new CodedError('ACCESS_FORBIDDEN', 'The console takes requests of its own pages only.')

const LOOPBACK_NAME = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/
const LOOPBACK_ADDRESS = /^(?:::ffff:)?127\.|^::1$/

/**
 * Without log-in, only people on this machine may use the console. The name in the address is
 * checked, too: a foreign page could give a name of its own this machine's address.
 */
export function requireLoopback({ socket, host }: FastifyRequest): void {
  const isHere = LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '') && LOOPBACK_NAME.test(host)
  if (isHere) return
  const text = 'The console without log-in is for this machine only: open it as http://127.0.0.1.'
  throw new CodedError('ACCESS_FORBIDDEN', text)
}
