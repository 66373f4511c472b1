/**
 * The session of a person in the console, sealed into its cookie: the gateway keeps nothing, so
 * sessions take no memory, and every gateway with the same key takes them (decision 0062).
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { Secret } from '../../schema/control-attributes.ts'

export interface ConsoleSession {
  readonly token: Secret
  /** What every request that changes something repeats in a header. */
  readonly csrf: string
  /** When the person last did something, wall ms. */
  readonly usedAtMs: number
  /** What the person is called on the pages. */
  readonly name: string
  /** True when the console itself got the token, and so ends it at log-out. */
  readonly isOurs: boolean
}

/** Browsers drop a cookie of more than 4096 bytes, with its name and attributes. */
const COOKIE_CHARS_MAX = 3900
const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

const Stored = Compile(
  Type.Object({
    token: Type.String(),
    csrf: Type.String(),
    used: Type.Number(),
    name: Type.String(),
    ours: Type.Boolean(),
  }),
)

/** A new, unguessable value for the header of requests that change something. */
export const newCsrf = (): string => randomBytes(24).toString('base64url')

/** Seals and opens sessions. */
export class SessionSeal {
  readonly #secret: Secret
  #derived: { readonly from: string; readonly key: Buffer } | undefined

  /** Without a secret the key is random: sessions end with the process. */
  constructor(secret: Secret | undefined) {
    this.#secret = secret ?? new Secret(randomBytes(32).toString('base64'))
  }

  /** The value of the cookie; undefined when it would be too long for browsers. */
  seal({ token, csrf, usedAtMs, name, isOurs }: ConsoleSession): string | undefined {
    const text = JSON.stringify({
      token: token.reveal(),
      csrf,
      used: usedAtMs,
      name,
      ours: isOurs,
    })
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key(), nonce)
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    const cookie = Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
    return cookie.length > COOKIE_CHARS_MAX ? undefined : cookie
  }

  /** Undefined for what this key has not sealed. */
  open(cookie: string): ConsoleSession | undefined {
    if (cookie.length > COOKIE_CHARS_MAX) return undefined
    const bytes = Buffer.from(cookie, 'base64url')
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined
    const opened = this.#decrypt(bytes)
    if (!Stored.Check(opened)) return undefined
    const { token, csrf, used: usedAtMs, name, ours: isOurs } = opened
    return { token: new Secret(token), csrf, usedAtMs, name, isOurs }
  }

  #decrypt(bytes: Buffer): unknown {
    const nonce = bytes.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv(CIPHER, this.#key(), nonce)
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    try {
      const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES))
      return JSON.parse(Buffer.concat([text, decipher.final()]).toString('utf8'))
    } catch {
      return undefined // forged, or sealed with an earlier key
    }
  }

  /** The configured secret may be replaced while the process runs. */
  #key(): Buffer {
    const from = this.#secret.reveal()
    if (this.#derived?.from !== from) {
      const key = Buffer.from(hkdfSync('sha256', from, '', 'session of the console', 32))
      this.#derived = { from, key }
    }
    return this.#derived.key
  }
}
