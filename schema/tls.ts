/** How a connection to a server is encrypted, with the contents of all files that it needs. */
import type { TlsCheck } from './config/option.ts'

/** PEM texts. Without a `ca` the authorities of the system are accepted. */
export interface TlsMaterial {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly check: TlsCheck
  readonly ciphers: string | undefined
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}
