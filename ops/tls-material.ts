/**
 * Reads the files that encryption needs, and checks before the first connection whether they can be
 * used.
 */
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { TlsOptions } from '../schema/config/option.ts'
import { CodedError, describeError } from '../schema/errors.ts'
import type { TlsMaterial } from '../schema/tls.ts'

/**
 * The oldest version that each name of oslo allows; SSLv23 means that the version is negotiated.
 */
export const TLS_VERSIONS = {
  TLSv1_2: 'TLSv1.2',
  TLSv1_3: 'TLSv1.3',
  SSLv23: 'TLSv1.2',
} as const

/** CONFIG_INVALID for files that cannot be used. The text names `whose` encryption it is. */
export function readTlsMaterial(options: TlsOptions, whose: string): TlsMaterial {
  const { caFile, certFile, keyFile, check, ciphers, minVersion = 'TLSv1.2' } = options
  try {
    const material = {
      ca: textOf(caFile),
      cert: textOf(certFile),
      key: textOf(keyFile),
      check,
      ciphers,
      minVersion,
    }
    createSecureContext(definedOf({ ...material, check: undefined }))
    if (material.ca !== undefined && !material.ca.includes('-----BEGIN CERTIFICATE-----')) {
      throw new Error(`${caFile} holds no certificate (PEM)`)
    }
    return material
  } catch (cause) {
    const text = `the certificates of ${whose} cannot be used: ${describeError(cause)}`
    throw new CodedError('CONFIG_INVALID', text, { cause })
  }
}

const textOf = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : readFileSync(path, 'utf8')

/** The members that have a value, because Node treats `undefined` as a value. */
const definedOf = <Value extends object>(value: Value): Partial<Value> =>
  Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Partial<Value>
