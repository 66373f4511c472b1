/**
 * Failure domains: what several hosts lose at the same time, such as a rack or a power feed. This file says which names are
 * accepted, and reads them from the host's settings, from metadata of Nova's aggregates, and from a file of the operators.
 */
import { shownName } from './nearest-name.ts'

/** A rack, a row, a room and two power feeds, and as many again. */
export const DOMAINS_PER_HOST_MAX = 8
/** As long as a word of our messages. */
export const DOMAIN_NAME_LENGTH_MAX = 64

/** What a name may be, for people. */
export const DOMAIN_NAME_RULE = `1 to ${DOMAIN_NAME_LENGTH_MAX} letters, digits and . _ : / -, with a letter or digit at the beginning`

/** As the text of a regular expression, for the schemas of messages. */
export const DOMAIN_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$'
const NAME = new RegExp(DOMAIN_NAME_PATTERN)

/** Whether this is a name of a failure domain. Names go into logs and into sentences for operators. */
export const isDomainName = (name: string): boolean => NAME.test(name)

/** The domains of each host, by the name of the host in lower case. */
export type DomainsByHost = ReadonlyMap<string, readonly string[]>

/** Names from outside, and one sentence for each name that is not accepted. */
export interface DomainNames {
  readonly names: readonly string[]
  readonly problems: readonly string[]
}

/** Keeps the names that are accepted, each once, and says what is wrong with the others. `field` begins each sentence. */
export function acceptedNames(found: readonly unknown[], field: string): DomainNames {
  const names = new Set<string>()
  const problems: string[] = []
  for (const [index, name] of found.entries()) {
    if (typeof name !== 'string' || !isDomainName(name)) {
      // What is not a name is not repeated, because it may be a secret in the wrong place.
      problems.push(
        `${field}: number ${index + 1} is no name of a failure domain: ${DOMAIN_NAME_RULE}`,
      )
    } else if (names.size < DOMAINS_PER_HOST_MAX) names.add(name)
    else if (!names.has(name)) {
      problems.push(`${field}: a host has at most ${DOMAINS_PER_HOST_MAX} failure domains`)
      break
    }
  }
  return { names: [...names], problems: problems.slice(0, PROBLEMS_MAX) }
}

/** Of more wrong names than these, only the first are told. */
const PROBLEMS_MAX = 4

/** What the settings of a host say: a list of names, or one text with names between commas. */
export function domainsInSettings(value: unknown): DomainNames {
  const field = 'failure_domains'
  if (Array.isArray(value)) return acceptedNames(value, field)
  if (typeof value === 'string') return acceptedNames(partsOf(value), field)
  return {
    names: [],
    problems: [`${field}: must be a list of names, or a text with names between commas`],
  }
}

const partsOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

/** An aggregate of Nova, with its members. */
export interface DomainAggregate {
  readonly hosts: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * The domains that the metadata of aggregates name: `rack:12` for the metadata `rack=12`, when `rack` is one of the keys. What is
 * not a name is left out: nobody can be told of it here.
 */
export function domainsInAggregates(
  aggregates: readonly DomainAggregate[],
  keys: readonly string[],
): DomainsByHost {
  const byHost = new Map<string, string[]>()
  for (const { hosts, metadata } of aggregates) {
    const named = new Map(Object.entries(metadata))
    const domains = keys.flatMap((key) => {
      const value = named.get(key)
      const name = `${key}:${value ?? ''}`
      return value !== undefined && value !== '' && isDomainName(name) ? [name] : []
    })
    if (domains.length === 0) continue
    for (const host of hosts) {
      const name = host.toLowerCase()
      const before = byHost.get(name) ?? []
      byHost.set(name, [...new Set([...before, ...domains])].slice(0, DOMAINS_PER_HOST_MAX))
    }
  }
  return byHost
}

/** What a file of the operators says, or what is wrong with its lines. */
export interface DomainFile {
  readonly domains: DomainsByHost
  readonly problems: readonly string[]
}

/** As many hosts as the leader remembers observations of. */
const LINES_MAX = 20_000
const HOST_NAME = /^[^\s=#\p{C}]{1,255}$/u

/** Reads lines of the form `compute-01 = rack:12, feed:a`. A line that begins with `#`, and an empty line, say nothing. */
export function readDomainFile(text: string): DomainFile {
  const domains = new Map<string, readonly string[]>()
  const problems: string[] = []
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  if (lines.length > LINES_MAX) {
    return { domains, problems: [`has more than ${LINES_MAX} lines`] }
  }
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const where = `line ${index + 1}`
    const equals = trimmed.indexOf('=')
    const host = (equals < 0 ? trimmed : trimmed.slice(0, equals)).trim()
    if (equals < 0) {
      problems.push(`${where}: must be a host, =, and names of failure domains between commas`)
    } else if (!HOST_NAME.test(host)) {
      problems.push(
        `${where}, host: ${JSON.stringify(shownName(host))} is no name of a host: 1 to 255 characters without blanks, = and #`,
      )
    } else if (domains.has(host.toLowerCase())) {
      problems.push(
        `${where}, host: ${host} has an earlier line; write all its domains in one line`,
      )
    } else {
      const accepted = acceptedNames(
        partsOf(trimmed.slice(equals + 1)),
        `${where}, failure domains`,
      )
      domains.set(host.toLowerCase(), accepted.names)
      problems.push(...accepted.problems)
    }
  }
  return { domains, problems: problems.slice(0, FILE_PROBLEMS_MAX) }
}

/** As many as an operator corrects at a time. */
const FILE_PROBLEMS_MAX = 20

/** The three sources. Undefined: the source says nothing about this host. */
export interface DomainSources {
  readonly settings: readonly string[] | undefined
  readonly file: readonly string[] | undefined
  readonly aggregates: readonly string[] | undefined
}

/** `none`: no source says anything about the host. */
export const DOMAIN_SOURCES = ['settings', 'file', 'aggregate', 'none'] as const
export type DomainSource = (typeof DOMAIN_SOURCES)[number]

/** The domains of one host, and the source that named them. */
export interface HostDomains {
  readonly source: DomainSource
  readonly names: readonly string[]
}

/** The first source that says something about the host counts alone, so that an operator can correct what a later one says. */
export function domainsOf({ settings, file, aggregates }: DomainSources): HostDomains {
  if (settings !== undefined) return { source: 'settings', names: settings }
  if (file !== undefined) return { source: 'file', names: file }
  if (aggregates !== undefined) return { source: 'aggregate', names: aggregates }
  return { source: 'none', names: [] }
}
