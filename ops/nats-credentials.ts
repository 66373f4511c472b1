/** The credentials of a process at NATS, and whether its connection uses TLS. */
import { readFileSync } from 'node:fs'
import { nkeys } from 'nats'
import type { Config } from '../schema/config.ts'
import { CodedError } from '../schema/errors.ts'
import type { NatsCredentials } from '../transports/nats/link.ts'
import { readTlsMaterial } from './tls-material.ts'

/**
 * Every option that protects the connection asks for TLS. CONFIG_INVALID for certificates that
 * cannot be used.
 */
export function natsCredentials(bus: Config['bus']): NatsCredentials {
  const { user, password, token, credentialsFile, nkeyFile } = bus
  return {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    ...(credentialsFile === undefined
      ? {}
      : { creds: readerOf(() => readFileSync(credentialsFile, 'utf8')) }),
    ...(nkeyFile === undefined ? {} : { nkey: readerOf(() => readNkeySeed(nkeyFile)) }),
    ...tlsOf(bus),
  }
}

/** CONFIG_INVALID when the file has no seed of a user; the text of the file is not told. */
function readNkeySeed(path: string): string {
  const [seed] = /^SU[A-Z2-7]{56}$/m.exec(readFileSync(path, 'utf8')) ?? []
  try {
    if (seed !== undefined) nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey()
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `[bus] nkey_file: the seed in ${path} is damaged`, {
      cause,
    })
  }
  if (seed !== undefined) return seed
  throw new CodedError(
    'CONFIG_INVALID',
    `[bus] nkey_file: ${path} has no line with the seed of an NKey for a user, which begins with SU`,
  )
}

/** Reads a file at every login. While it cannot be used, because it is being replaced, what was read last counts. */
function readerOf(read: () => string): () => string {
  let latest = read()
  return () => {
    try {
      latest = read()
    } catch {
      // the login fails if what was read last is not valid any more, and is tried again
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
