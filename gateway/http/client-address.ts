/** The address of the caller, as the limits count it. */
import { isIPv6 } from 'node:net'
import type { FastifyRequest } from 'fastify'

/**
 * The address of the socket. Behind a trusted proxy: the last address in the header, which the
 * proxy itself appended (RFC 7239, X-Forwarded-For); the caller may have sent the addresses before
 * it. An IPv6 caller owns a whole /64, which counts as one address.
 */
export function clientAddress({ ip, headers }: FastifyRequest, trustProxy: boolean): string {
  if (!trustProxy) return network(ip)
  const standard = lastOf(headers['forwarded'])
  const named = /(?:^|;)\s*for="?\[?([0-9a-f.:]+)/i.exec(standard ?? '')?.[1]
  return network(named ?? lastOf(headers['x-forwarded-for']) ?? ip)
}

/** The last element of a list to which proxies append. */
function lastOf(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : header?.join(',')
  const last = text?.split(',').at(-1)?.trim().slice(0, 64)
  return last === '' ? undefined : last
}

const network = (address: string): string =>
  isIPv6(address) && !address.includes('.') ? address.split(':').slice(0, 4).join(':') : address
