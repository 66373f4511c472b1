/** Absolute links to this API, with the address that the caller uses. */
import type { FastifyRequest } from 'fastify'

/** How callers reach this API. */
export interface LinkOptions {
  /** Replaces the scheme and host of links; its path is put in front of theirs. */
  readonly linkPrefix: string | undefined
  /**
   * Whether links follow the headers of a proxy in front. Without a proxy, any caller can send such
   * headers.
   */
  readonly trustProxy: boolean
}

/**
 * Scheme, host and an optional path in front of the API's own paths, without a slash at the end.
 */
export function linkBase(request: FastifyRequest, options: LinkOptions): string {
  const base = options.linkPrefix ?? (options.trustProxy ? proxied(request) : direct(request))
  return base.replace(/\/+$/, '')
}

const direct = (request: FastifyRequest): string => `${request.protocol}://${hostOf(request)}`

/** A request of HTTP/1.0 may omit the host. Then the local address of the connection is used. */
function hostOf({ host, socket }: FastifyRequest): string {
  if (host !== undefined && host !== '') return host
  const { localAddress = 'localhost', localPort = 80 } = socket
  const address = localAddress.replace(/^::ffff:/, '')
  return `${address.includes(':') ? `[${address}]` : address}:${localPort}`
}

function proxied(request: FastifyRequest): string {
  const standard = text(request, 'forwarded')
  const { proto, host } =
    standard === undefined
      ? { proto: text(request, 'x-forwarded-proto'), host: text(request, 'x-forwarded-host') }
      : forwarded(standard)
  const scheme = proto === 'http' || proto === 'https' ? proto : request.protocol
  return `${scheme}://${host ?? hostOf(request)}${text(request, 'x-forwarded-prefix') ?? ''}`
}

/** The pairs of the first proxy (RFC 7239), which is the one that the caller is connected to. */
function forwarded(header: string): Readonly<Record<string, string>> {
  const [first = ''] = header.split(',', 1)
  const pairs = first.split(';').map((pair) => {
    const [name = '', value = ''] = pair.split('=', 2)
    return [name.trim().toLowerCase(), value.trim().replaceAll('"', '')] as const
  })
  return Object.fromEntries(pairs)
}

function text(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
