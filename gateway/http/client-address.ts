/** The address that a request comes from, as limits count it. */
import { isIPv6 } from 'node:net'
import type { FastifyRequest } from 'fastify'

/**
 * The socket's address; behind a proxy that is trusted, the one that the proxy itself appended last (RFC 7239,
 * X-Forwarded-For): what comes before it was sent by the caller. An IPv6 caller has a whole /64 and counts as that.
 */
export function clientAddress({ ip, headers }: FastifyRequest, trustProxy: boolean): string {
  if (!trustProxy) return network(ip)
  const standard = lastOf(headers['forwarded'])
  const named = /(?:^|;)\s*for="?\[?([0-9a-f.:]+)/i.exec(standard ?? '')?.[1]
  return network(named ?? lastOf(headers['x-forwarded-for']) ?? ip)
}

/** The last element of a list that proxies append to. */
function lastOf(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : header?.join(',')
  const last = text?.split(',').at(-1)?.trim().slice(0, 64)
  return last === '' ? undefined : last
}

const network = (address: string): string =>
  isIPv6(address) && !address.includes('.') ? address.split(':').slice(0, 4).join(':') : address
