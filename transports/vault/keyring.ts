/**
 * Seals texts for storage with AES-256-GCM. The first key seals, and every key opens, so that keys
 * can be rotated.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { CodedError } from '../../schema/errors.ts'

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const MARK = 'sealed:v1'

/** The outcome of opening a stored text. */
export type Opened =
  | { readonly kind: 'opened'; readonly text: string }
  /** `reason` names the key, and contains nothing of the text. */
  | { readonly kind: 'unreadable'; readonly reason: string }

/** The keys. A sealed text is `sealed:v1:<key>:<base64 of nonce, ciphertext and tag>`. */
export class Keyring {
  readonly #keys: ReadonlyMap<string, Buffer>
  readonly #first: string

  /** Each key is 32 bytes. */
  constructor(keys: readonly [Buffer, ...Buffer[]]) {
    this.#keys = new Map(keys.map((key) => [nameOf(key), key]))
    this.#first = nameOf(keys[0])
  }

  /** The name of the key that seals. */
  get first(): string {
    return this.#first
  }

  has(name: string): boolean {
    return this.#keys.has(name)
  }

  seal(text: string): string {
    const name = this.#first
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, this.#key(name), nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(contextOf(name))
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final()])
    return `${MARK}:${name}:${Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64')}`
  }

  /** Opens a stored text. A text that was stored before there were keys is returned as it is. */
  open(stored: string): Opened {
    const [, name, data] = FORMAT.exec(stored) ?? []
    if (name === undefined || data === undefined) return { kind: 'opened', text: stored }
    if (!this.#keys.has(name)) return unreadable(name, 'is not in the key file')
    try {
      return { kind: 'opened', text: this.#decipher(name, Buffer.from(data, 'base64')) }
    } catch {
      return unreadable(name, 'does not fit: the text was changed in the database')
    }
  }

  /** False when the text was stored before there were keys, or was sealed with an older one. */
  isCurrent(stored: string): boolean {
    return FORMAT.exec(stored)?.[1] === this.#first
  }

  #decipher(name: string, data: Buffer): string {
    const end = data.length - TAG_BYTES
    const nonce = data.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv(ALGORITHM, this.#key(name), nonce, {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(contextOf(name))
    decipher.setAuthTag(data.subarray(end))
    const parts = [decipher.update(data.subarray(NONCE_BYTES, end)), decipher.final()]
    return Buffer.concat(parts).toString('utf8')
  }

  #key(name: string): Buffer {
    const key = this.#keys.get(name)
    if (key === undefined) throw new RangeError(`no key ${name}`)
    return key
  }
}

/** The beginning of a sealed text, with the name of its key; and the name in it. */
export const SEALED_HEAD = { mark: `${MARK}:`, length: MARK.length + 17 } as const
export const keyNameIn = (head: string): string => head.slice(SEALED_HEAD.mark.length)

/**
 * The keys in the text of a key file: base64, one in each line. Blank lines and lines that begin
 * with `#` do not count.
 */
export function parseKeys(text: string): Keyring {
  const lines = text.split('\n').map((line) => line.trim())
  const [first, ...others] = lines.filter((line) => line !== '' && !line.startsWith('#')).map(keyOf)
  if (first === undefined) throw new CodedError('CONFIG_INVALID', 'there is no key in it')
  return new Keyring([first, ...others])
}

/** A new key, as a line of a key file. */
export const newKeyLine = (): string => randomBytes(KEY_BYTES).toString('base64')

const FORMAT = new RegExp(`^${MARK}:([0-9a-f]{16}):([A-Za-z0-9+/]+={0,2})$`)

function keyOf(line: string): Buffer {
  const key = Buffer.from(line, 'base64')
  if (key.length === KEY_BYTES && key.toString('base64') === line) return key
  throw new CodedError(
    'CONFIG_INVALID',
    `each key must be ${KEY_BYTES} bytes in base64, on one line`,
  )
}

/** Distinguishes keys without telling anything about them. */
const nameOf = (key: Buffer): string => createHash('sha256').update(key).digest('hex').slice(0, 16)

const contextOf = (name: string): Buffer => Buffer.from(`${MARK}:${name}`)

const unreadable = (name: string, why: string): Opened => ({
  kind: 'unreadable',
  reason: `the key ${name} ${why}`,
})
