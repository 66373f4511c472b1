/**
 * Refuses what pages of other origins send. A browser says with each request which page made it; a
 * caller that is no browser has no cookie of ours.
 */
import type { FastifyRequest } from 'fastify'
import { CodedError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { linkBase, type LinkOptions } from './links.ts'

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
  new CodedError('ACCESS_FORBIDDEN', 'A page of another origin has sent this request.')

/**
 * Without log-in, every page that somebody on this machine has open could command the API through the browser: it need not read the
 * answer for that. Origins that may read answers may also ask.
 */
export function refuseForeignPages(
  app: GatewayApp,
  { allowedOrigins, ...links }: LinkOptions & { readonly allowedOrigins: readonly string[] },
): void {
  app.addHook('onRequest', async (request) => {
    const { origin, 'sec-fetch-site': site } = request.headers
    if (origin === undefined && site === undefined) return // no browser
    if (origin !== undefined && [origin, '*'].some((each) => allowedOrigins.includes(each))) return
    requireSameOrigin(request, links)
    if (!links.trustProxy && isFromHere(request)) requireLoopback(request)
  })
}

const LOOPBACK_NAME = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/
const LOOPBACK_ADDRESS = /^(?:::ffff:)?127\.|^::1$/

/**
 * Without log-in, only people on this machine may use the console. The name in the address is
 * checked, too: a foreign page could give a name of its own this machine's address.
 */
export function requireLoopback(request: FastifyRequest): void {
  if (isFromHere(request) && LOOPBACK_NAME.test(request.host)) return
  const text = 'Without log-in, browsers are served on this machine only: use http://127.0.0.1.'
  throw new CodedError('ACCESS_FORBIDDEN', text)
}

const isFromHere = ({ socket }: FastifyRequest): boolean =>
  LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '')
