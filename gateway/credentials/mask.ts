/**
 * Hides secrets in a host's `control_attributes` from every reader. A value is shown only when its
 * name is on a list of harmless names. All other values are hidden, so a secret under an unexpected
 * name is hidden, too.
 */
import { domainsInSettings } from '../../schema/failure-domains.ts'
import { redfishUrlProblem } from '../../schema/redfish-address.ts'
import {
  DOMAINS_NAME,
  isFields,
  readSettings,
  SECTION_NAMES,
  unreadableNote,
  type Fields,
} from '../../schema/settings-document.ts'

/** The text that is shown in place of a hidden value. */
export const HIDDEN = '***'

const OURS = ['host', 'port', 'username', 'cipher_suite', 'privilege', 'host_key']
const OF_AGENTS = [
  'ip, ipaddr, ipport, plug, login, cipher, privlvl, method, region, lanplus, ssl, ssl_insecure, ssl_secure',
  'ssh, secure, snmp_version, power_wait, power_timeout, shell_timeout, login_timeout',
].flatMap((names) => names.split(', '))
/** Harmless names in the JSON of other programs. */
const OF_OTHERS = ['address', 'ipmi_address', 'ipmi_host', 'ipmi_port', 'ipmi_username']

/** Names of addresses, users and switches. */
const HARMLESS: ReadonlySet<string> = new Set([...OURS, ...OF_AGENTS, ...OF_OTHERS])

/** The text that administrators see, and that they may send back. */
export const shownToAdmins = (stored: string): string =>
  masked(stored, (label) => (SETS_SOMETHING.test(label) ? HIDDEN : label))

/**
 * The text that all other readers see, events included. A label is always hidden, because it may
 * contain anything.
 */
export const shownToOthers = (stored: string): string => masked(stored, () => HIDDEN)

/** A label with such a character may set a value, and that value may be a password. */
const SETS_SOMETHING = /[=:"'{}[\]]/

function masked(stored: string, shownLabel: (label: string) => string): string {
  if (stored === '') return ''
  const document = readSettings(stored)
  switch (document.kind) {
    case 'label':
      return shownLabel(stored)
    case 'unreadable':
      return unreadableNote(document.reason)
    case 'foreign':
      return isFields(document.value) ? spacedAs(stored, maskForeign(document.value)) : HIDDEN
    case 'ours':
      return spacedAs(stored, maskOurs(document.fields))
  }
}

/**
 * When nothing is hidden, the text keeps its own blanks, because callers compare it with what they
 * sent.
 */
function spacedAs(stored: string, fields: Fields): string {
  const text = JSON.stringify(fields)
  return stored.replaceAll(BLANKS, (token) => (token.startsWith('"') ? token : '')) === text
    ? stored
    : text
}

const BLANKS = /"(?:[^"\\]+|\\.)*"?|\s+/gs

const map = (fields: Fields, change: (name: string, value: unknown) => unknown): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, change(name, value)]))

const maskForeign = (fields: Fields): Fields => map(fields, maskMember)

const maskOurs = (fields: Fields): Fields =>
  map(fields, (name, value) => {
    if (name === DOMAINS_NAME) return maskDomains(value)
    if (!SECTION_NAMES.some((section) => section === name)) return maskMember(name, value)
    if (!isFields(value)) return HIDDEN
    if (name === 'redfish') return map(value, maskRedfish)
    return name === 'fence' ? map(value, maskAgent) : map(value, maskMember)
  })

/** Names of failure domains are shown; anything else in their place may be a secret. */
const maskDomains = (value: unknown): unknown =>
  domainsInSettings(value).problems.length === 0 ? value : HIDDEN

const maskAgent = (name: string, options: unknown): unknown =>
  name.startsWith('fence_') && isFields(options) ? map(options, maskMember) : HIDDEN

/** Only the address of a machine is shown, because other URLs may contain secrets. */
const maskRedfish = (name: string, value: unknown): unknown => {
  if (name === 'url') {
    return typeof value === 'string' && redfishUrlProblem(value) === undefined ? value : HIDDEN
  }
  return name === 'fingerprint' && isHarmless(value) ? value : maskMember(name, value)
}

const maskMember = (name: string, value: unknown): unknown =>
  HARMLESS.has(name) && isHarmless(value) ? value : HIDDEN

/** An address may have the form `user:password@address`. */
const isHarmless = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.length <= 255 && !/:[^@]*@/.test(value)
    : typeof value === 'number' || typeof value === 'boolean'
