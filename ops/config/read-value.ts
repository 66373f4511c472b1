/** Converts the text of one option to its value, or refuses it and says what is allowed. */
import { accessSync, constants } from 'node:fs'
import { Secret } from '../../schema/control-attributes.ts'
import type { CatalogEndpoint, NetworkAddress, Option } from '../../schema/config/option.ts'
import { readLibvirtUri } from './libvirt-uri.ts'
import { readAmqp, readBus, readStore } from './read-location.ts'

/** A value, a sentence about what is wrong, or undefined when the text does not fit at all. */
export type Reading<Value = unknown> =
  { readonly value: Value } | { readonly problem: string } | undefined

/** Each of them is asked all the time. */
const ADDRESSES_MAX = 16
const TRUE = ['true', '1', 'yes', 'on']
const FALSE = ['false', '0', 'no', 'off']
const INTERFACES: Readonly<Record<string, CatalogEndpoint['interface']>> = {
  public: 'public',
  publicURL: 'public',
  internal: 'internal',
  internalURL: 'internal',
  admin: 'admin',
  adminURL: 'admin',
}

/**
 * Reads one value. The caller has already treated an empty text as "not set", except for lists of
 * names.
 */
export function readValue(text: string, option: Option): Reading {
  switch (option.kind) {
    case 'seconds':
      return scaled(readNumber(text, option, /^\d+(\.\d{1,3})?$/), 1000)
    case 'share':
      return readNumber(text, option, /^\d+(\.\d+)?$/)
    case 'whole':
      return readNumber(text, option, /^-?\d+$/)
    case 'choice':
      return when(option.of.includes(text), text)
    case 'choices':
      return readChoices(text, option.of)
    default:
      return PLAIN[option.kind](text)
  }
}

type PlainKind = Exclude<Option['kind'], 'seconds' | 'share' | 'whole' | 'choice' | 'choices'>

const PLAIN: Readonly<Record<PlainKind, (text: string) => Reading>> = {
  text: (text) => when(text.length <= 255 && !/\p{Cc}/u.test(text), text),
  secret: (text) => when(!/\p{Cc}/u.test(text), new Secret(text)),
  switch: readSwitch,
  names: (text) => ({ value: listOf(text) }),
  file: (text) => when(isReadable(text), text),
  directory: (text) => when(!/\p{Cc}/u.test(text), text),
  beside: (text) => when(!/\p{Cc}/u.test(text), text),
  besides: (text) => when(!/\p{Cc}/u.test(text), listOf(text)),
  url: readUrl,
  endpoint: readEndpoint,
  store: readStore,
  bus: readBus,
  amqp: readAmqp,
  libvirt: readLibvirtUri,
  addresses: readAddresses,
}

const ALLOWED: Readonly<Record<PlainKind, string>> = {
  text: 'one line of at most 255 characters',
  secret: 'one line',
  switch: 'true or false (also yes/no, on/off, 1/0)',
  names: 'names separated by commas',
  file: 'the path of a file that can be read',
  directory: 'the path of a directory',
  beside: 'the path of a file',
  besides: 'paths of directories',
  url: 'a URL, http://… or https://…, without a password in it',
  endpoint: '<service type>:<service name>:<publicURL, internalURL or adminURL>',
  store: 'mysql+pymysql://user:password@host:port/database or sqlite:///path',
  bus: 'memory, or nats://host:port, several of them separated by commas (credentials belong in user, password or token)',
  amqp: 'rabbit://user:password@host:port,…/virtual-host',
  addresses: `at most ${ADDRESSES_MAX} of host:port, separated by commas`,
  libvirt: 'qemu:///system, with ?socket=/path if need be, or qemu+tcp://host:port/system',
}

/** What the option allows, for people. */
export function allowedText(option: Option): string {
  switch (option.kind) {
    case 'seconds':
      return `seconds from ${option.min} to ${option.max}`
    case 'share':
      return `a share from ${option.min} to ${option.max}`
    case 'whole':
      return `a whole number from ${option.min} to ${option.max}`
    case 'choice':
      return `one of ${option.of.join(', ')}`
    case 'choices':
      return `one or more of ${option.of.join(', ')}, separated by commas`
    default:
      return ALLOWED[option.kind]
  }
}

const when = <Value>(fits: boolean, value: Value): Reading<Value> => (fits ? { value } : undefined)

const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

function readNumber(
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
  form: RegExp,
): Reading<number> {
  const value = Number(text)
  return when(form.test(text) && value >= min && value <= max, value)
}

const scaled = (reading: Reading<number>, factor: number): Reading<number> =>
  reading !== undefined && 'value' in reading
    ? { value: Math.round(reading.value * factor) }
    : reading

function readSwitch(text: string): Reading<boolean> {
  const word = text.toLowerCase()
  return when(TRUE.includes(word) || FALSE.includes(word), TRUE.includes(word))
}

function readChoices(text: string, of: readonly string[]): Reading<readonly string[]> {
  const chosen = listOf(text)
  return when(chosen.length > 0 && chosen.every((choice) => of.includes(choice)), [
    ...new Set(chosen),
  ])
}

function readAddresses(text: string): Reading<readonly NetworkAddress[]> {
  const addresses = listOf(text).map(readAddress)
  const known = addresses.filter((address) => address !== undefined)
  return when(known.length === addresses.length && known.length <= ADDRESSES_MAX, known)
}

/** An IPv6 address is written in brackets. */
function readAddress(text: string): NetworkAddress | undefined {
  const { bare, bracketed, digits } =
    /^(?:(?<bare>[a-z0-9.-]{1,253})|\[(?<bracketed>[0-9a-f:.]{2,45})\]):(?<digits>\d{1,5})$/i.exec(
      text,
    )?.groups ?? {}
  const host = bare ?? bracketed
  const port = Number(digits)
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false // the list of problems reports it
  }
}

function readUrl(text: string): Reading<string> {
  const url = URL.parse(text)
  const fits = url !== null && /^https?:$/.test(url.protocol) && url.username === ''
  return when(fits, text.replace(/\/+$/, ''))
}

function readEndpoint(text: string): Reading<CatalogEndpoint> {
  const [serviceType = '', serviceName = '', interfaceName = '', ...rest] = text.split(':')
  const found = INTERFACES[interfaceName]
  if (serviceType === '' || found === undefined || rest.length > 0) return undefined
  return { value: { serviceType, serviceName, interface: found } }
}
