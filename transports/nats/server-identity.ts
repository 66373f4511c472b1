/**
 * Checks whether a certificate belongs to one of the NATS servers, also when servers are named by
 * an address.
 */
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'

/**
 * The name that Node compares when a connection has none: the library passes no name for a server
 * that is an address.
 */
const NO_NAME = 'localhost'

/**
 * A check for Node's TLS. For servers that are named by addresses, the certificate of any of them
 * is accepted, because they are one cluster.
 */
export function serverIdentity(
  servers: readonly string[],
): (name: string, certificate: PeerCertificate) => Error | undefined {
  const unnamed = servers
    .map((server) => new URL(server).hostname.replace(/^\[(.*)\]$/, '$1'))
    .filter((host) => isIP(host) !== 0 || host === NO_NAME)
  return (name, certificate) => {
    const hosts = name === NO_NAME ? unnamed : [name]
    const faults = hosts.map((host) => checkServerIdentity(host, certificate))
    if (hosts.length > 0 && faults.includes(undefined)) return undefined
    return faults[0] ?? new Error('the address of the server is not among those that were named')
  }
}
