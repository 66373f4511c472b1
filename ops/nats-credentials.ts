/** The credentials of a process at NATS, and whether its connection uses TLS. */
import { readFileSync } from 'node:fs'
import type { Config } from '../schema/config.ts'
import type { NatsCredentials } from '../transports/nats/link.ts'
import { readTlsMaterial } from './tls-material.ts'

/**
 * Every option that protects the connection asks for TLS. CONFIG_INVALID for certificates that
 * cannot be used.
 */
export function natsCredentials(bus: Config['bus']): NatsCredentials {
  const { user, password, token, credentialsFile } = bus
  return {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    ...(credentialsFile === undefined ? {} : { creds: readerOf(credentialsFile) }),
    ...tlsOf(bus),
  }
}

/** Reads the file at every login. While it cannot be read, because it is being replaced, the last text counts. */
function readerOf(path: string): () => string {
  let latest = readFileSync(path, 'utf8')
  return () => {
    try {
      latest = readFileSync(path, 'utf8')
    } catch {
      // the login fails if the last text is not valid any more, and is tried again
    }
    return latest
  }
}

function tlsOf(bus: Config['bus']): Pick<NatsCredentials, 'tls'> {
  const { caFile, certFile, keyFile, tlsFirst, location } = bus
  const isNamed = location.kind === 'nats' && location.servers.some((url) => url.startsWith('tls:'))
  const hasFiles = [caFile, certFile, keyFile].some((file) => file !== undefined)
  if (!isNamed && !hasFiles && !tlsFirst) return {}
  const material = readTlsMaterial({ caFile, certFile, keyFile, check: 'identity' }, 'NATS')
  return { tls: { ...material, first: tlsFirst } }
}
