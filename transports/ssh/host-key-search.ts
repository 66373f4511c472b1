/**
 * Which host key algorithms are offered, so that a server with several keys shows the one that is known. Pure: what is known
 * and what was shown goes in, the next offer comes out.
 *
 * A server shows the first of its keys that we offer to accept. Keys of a known type are asked for and no others: in the
 * handshake a server cannot be made to show a key of another type, and a key of another type proves nothing. A bare
 * fingerprint has no type, so each type is asked for until the server has no other.
 */
import type { ServerHostKeyAlgorithm } from 'ssh2'
import {
  HOST_KEY_TYPES,
  hostKeyTypeOf,
  type HostKeyPin,
  type HostKeyType,
} from '../../schema/host-key-pins.ts'
import type { ShownKey } from './host-keys.ts'

/** An RSA key signs in three ways; SHA-1 only for servers that know no better. */
const ALGORITHMS: Readonly<Record<HostKeyType, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
}

/** What to offer next, after the server has shown these keys; none: all that it has are seen. */
export function nextOffer(
  known: readonly HostKeyPin[],
  shown: readonly ShownKey[],
): readonly ServerHostKeyAlgorithm[] {
  const seen = new Set(shown.map(({ type }) => hostKeyTypeOf(type)))
  return typesOf(known)
    .filter((type) => !seen.has(type))
    .flatMap((type) => ALGORITHMS[type])
}

/** Known types in their order, then all others where one is not known. */
function typesOf(known: readonly HostKeyPin[]): readonly HostKeyType[] {
  const types = known.flatMap(({ type }) => type ?? [])
  const isComplete = known.length > 0 && types.length === known.length
  return [...new Set([...types, ...(isComplete ? [] : HOST_KEY_TYPES)])]
}
