/**
 * Reads what the query of a database URL or broker URL says about encryption. A parameter that
 * cannot be honoured is refused by name.
 */
import { accessSync, constants } from 'node:fs'
import type { TlsCheck, TlsOptions } from '../../schema/config/option.ts'

/**
 * `undefined`: the query says nothing; `off`: it switches encryption off; a problem: what is wrong.
 */
export type TlsReading = TlsOptions | 'off' | undefined | { readonly problem: string }

export const isProblem = (reading: unknown): reading is { readonly problem: string } =>
  typeof reading === 'object' && reading !== null && 'problem' in reading

/**
 * Reads the parameters as PyMySQL and SQLAlchemy do. The certificate is always checked unless the
 * URL switches the check off.
 */
export function databaseTls(query: URLSearchParams): TlsReading {
  const asked = [...query.keys()].filter((name) => /^(ssl|tls)/i.test(name))
  const unknown = asked.find((name) => !DATABASE.includes(name))
  if (unknown !== undefined) return notHonoured(unknown, DATABASE)
  const words = booleansOf(query, ['ssl', 'ssl_disabled', ...CHECKS])
  if (isProblem(words)) return words
  const mode = query.get('ssl_mode')?.toUpperCase()
  if (mode !== undefined && !(mode in MODES)) {
    return { problem: `ssl_mode must be one of ${Object.keys(MODES).join(', ')}` }
  }
  if (isSwitchedOff(words, mode)) return switchedOff(asked)
  const decided = asked.filter((name) => name !== 'ssl_disabled')
  if (decided.length === 0) return undefined
  const check = mode === undefined ? checkOf(words) : MODES[mode as keyof typeof MODES]
  return filesOf(query, { check, ciphers: query.get('ssl_cipher') ?? undefined })
}

const isSwitchedOff = (words: ReadonlyMap<string, boolean>, mode: string | undefined): boolean =>
  words.get('ssl_disabled') === true || words.get('ssl') === false || mode === 'DISABLED'

/** Refuses a query that switches encryption off and also asks for it. */
function switchedOff(asked: readonly string[]): TlsReading {
  const others = asked.filter((name) => !['ssl', 'ssl_disabled', 'ssl_mode'].includes(name))
  return others.length === 0
    ? 'off'
    : { problem: `encryption is switched off, but ${others.join(', ')} asks for it` }
}

const CHECKS = ['ssl_verify_cert', 'ssl_verify_identity', 'ssl_check_hostname']
const DATABASE: readonly string[] = [
  'ssl',
  'ssl_ca',
  'ssl_cert',
  'ssl_key',
  'ssl_cipher',
  'ssl_mode',
  'ssl_disabled',
  ...CHECKS,
]

/**
 * MySQL's own words. PREFERRED is not supported, because it falls back to a connection without
 * encryption.
 */
const MODES: Readonly<Record<'DISABLED' | 'REQUIRED' | 'VERIFY_CA' | 'VERIFY_IDENTITY', TlsCheck>> =
  {
    DISABLED: 'nothing',
    REQUIRED: 'nothing',
    VERIFY_CA: 'chain',
    VERIFY_IDENTITY: 'identity',
  }

/**
 * When `ssl_verify_cert` is given, PyMySQL compares the name of the server only if another
 * parameter asks for it.
 */
function checkOf(words: ReadonlyMap<string, boolean>): TlsCheck {
  if (words.get('ssl_verify_cert') === false) return 'nothing'
  const named = words.get('ssl_verify_identity') ?? words.get('ssl_check_hostname')
  if (named !== undefined) return named ? 'identity' : 'chain'
  return words.has('ssl_verify_cert') ? 'chain' : 'identity'
}

/**
 * Reads the parameters as oslo.messaging does: options of [oslo_messaging_rabbit] in the URL
 * replace those of the file.
 */
export function brokerTls(query: URLSearchParams): TlsReading {
  const asked = [...query.keys()].filter((name) => /ssl|tls/i.test(name))
  const unknown = asked.find((name) => !BROKER.includes(name))
  if (unknown !== undefined) return notHonoured(unknown, BROKER)
  const words = booleansOf(query, ['ssl'])
  if (isProblem(words)) return words
  if (words.get('ssl') === false) return 'off'
  if (asked.length === 0) return undefined
  const version = minVersionOf(query.get('ssl_version') ?? '')
  if (isProblem(version)) return version
  return filesOf(query, { check: 'identity', ...version })
}

const BROKER: readonly string[] = [
  'ssl',
  'ssl_version',
  'ssl_ca_file',
  'ssl_cert_file',
  'ssl_key_file',
]

/**
 * Python's names of protocols. Versions older than TLS 1.2 are refused, and `SSLv23` means that the
 * version is negotiated.
 */
export function minVersionOf(
  text: string,
): Pick<TlsOptions, 'minVersion'> | { readonly problem: string } {
  const word = text.toLowerCase().replaceAll(/[._]/g, '')
  if (word === '' || word === 'sslv23') return {}
  if (word === 'tlsv12') return { minVersion: 'TLSv1.2' }
  if (word === 'tlsv13') return { minVersion: 'TLSv1.3' }
  return { problem: `ssl_version must be TLSv1_2, TLSv1_3 or SSLv23 (which negotiates)` }
}

function filesOf(
  query: URLSearchParams,
  others: Omit<TlsOptions, 'caFile' | 'certFile' | 'keyFile'>,
): TlsReading {
  const files: Record<'caFile' | 'certFile' | 'keyFile', string | undefined> = {
    caFile: undefined,
    certFile: undefined,
    keyFile: undefined,
  }
  for (const [field, names] of FILES) {
    const name = names.find((each) => query.get(each) !== null)
    const path = name === undefined ? null : query.get(name)
    if (name === undefined || path === null) continue
    if (!isReadable(path)) return { problem: `${name} = ${path} cannot be read` }
    files[field] = path
  }
  if ((files.certFile === undefined) !== (files.keyFile === undefined)) {
    return { problem: 'the client certificate and its key must be given together' }
  }
  return { ...files, ciphers: undefined, minVersion: undefined, ...others }
}

const FILES = [
  ['caFile', ['ssl_ca', 'ssl_ca_file']],
  ['certFile', ['ssl_cert', 'ssl_cert_file']],
  ['keyFile', ['ssl_key', 'ssl_key_file']],
] as const

function booleansOf(
  query: URLSearchParams,
  names: readonly string[],
): ReadonlyMap<string, boolean> | { readonly problem: string } {
  const words = new Map<string, boolean>()
  for (const name of names) {
    const text = query.get(name)?.toLowerCase()
    if (text === undefined) continue
    if (!TRUE.includes(text) && !FALSE.includes(text)) {
      return { problem: `${name} must be true or false` }
    }
    words.set(name, TRUE.includes(text))
  }
  return words
}

const TRUE = ['true', '1', 'yes', 'on']
const FALSE = ['false', '0', 'no', 'off']

const notHonoured = (name: string, known: readonly string[]): { readonly problem: string } => ({
  problem: `${name} is not supported; supported are ${known.join(', ')}`,
})

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false // the problem reports it
  }
}
