/** Pins of SSH host keys: what is known of the keys by which an SSH server proves its identity. */

/**
 * Types of host keys, in the order in which OpenSSH prefers them. Host certificates are not
 * supported: the plain keys are asked for.
 */
export const HOST_KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const
export type HostKeyType = (typeof HOST_KEY_TYPES)[number]

/** A key that a host is known to have. */
export interface HostKeyPin {
  /** Undefined when only the fingerprint was given, which does not tell the type. */
  readonly type: HostKeyType | undefined
  /** `SHA256:` and unpadded base64. */
  readonly fingerprint: string
}

/** A host has one key of each type. */
const PINS_MAX = HOST_KEY_TYPES.length

/**
 * Reads `SHA256:…`, `<type> SHA256:…`, or several of them separated by commas; undefined for any
 * other text.
 */
export function readPins(text: string): readonly HostKeyPin[] | undefined {
  const pins = text.split(',').map((one) => readPin(one.trim()))
  const read = pins.filter((pin) => pin !== undefined)
  return read.length === pins.length && read.length <= PINS_MAX ? read : undefined
}

function readPin(text: string): HostKeyPin | undefined {
  const [, name, fingerprint] = /^(?:(\S+) )?(SHA256:[A-Za-z0-9+/]{43})$/.exec(text) ?? []
  if (fingerprint === undefined) return undefined
  const type = hostKeyTypeOf(name)
  return name === undefined || type !== undefined ? { type, fingerprint } : undefined
}

/** The key type with this name; undefined when the name is not known. */
export const hostKeyTypeOf = (name: string | undefined): HostKeyType | undefined =>
  HOST_KEY_TYPES.find((type) => type === name)
