/** Encryption of a connection to a server, with everything read that it needs. */
import type { TlsCheck } from './config/option.ts'

/** PEM texts; without a `ca` the system's authorities count. */
export interface TlsMaterial {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly check: TlsCheck
  readonly ciphers: string | undefined
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}
