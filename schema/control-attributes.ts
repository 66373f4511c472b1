/**
 * How to reach a host: the JSON that operators put into a host's `control_attributes`, where free
 * text is allowed, too.
 */
import { HOST_KEY_TYPES, readPins } from './host-key-pins.ts'
import { domainsInSettings } from './failure-domains.ts'
import {
  DOMAINS_NAME,
  flatSection,
  isFields,
  readSettings,
  unknownNames,
  type Fields,
} from './settings-document.ts'
import { agentOptionProblems } from './agent-options.ts'
import { readCertificatePins, redfishUrlProblem } from './redfish-address.ts'

/** A text that must never be printed. Only the transport that needs the text calls `reveal`. */
export class Secret {
  #text: string
  constructor(text: string) {
    this.#text = text
  }
  /** Takes the value of another one: whoever holds this secret uses it at the next login. */
  rotateTo(next: Secret): void {
    this.#text = next.reveal()
  }
  reveal(): string {
    return this.#text
  }
  toString(): string {
    return '***'
  }
  toJSON(): string {
    return '***'
  }
}

/** IPMI over RMCP+ (lanplus). */
export interface IpmiSettings {
  readonly kind: 'ipmi'
  readonly address: string
  readonly port: number
  readonly username: string
  readonly password: Secret
  /** RMCP+ cipher suite: 17 is the modern one, and every BMC knows 3. */
  readonly cipherSuite: number
  /**
   * The privilege that the session asks for. A user of a BMC may be limited to less than
   * ADMINISTRATOR.
   */
  readonly privilege: BmcPrivilege
}

/** The cipher suites that ipmitool supports. */
export const CIPHER_SUITES = [1, 2, 3, 15, 16, 17] as const

/** The privileges that may power a machine off. CALLBACK and USER may not. */
export const BMC_PRIVILEGES = ['OPERATOR', 'ADMINISTRATOR'] as const
export type BmcPrivilege = (typeof BMC_PRIVILEGES)[number]

/** Redfish over HTTPS. */
export interface RedfishSettings {
  readonly kind: 'redfish'
  /** The address of the machine at its BMC: `https://bmc/redfish/v1/Systems/1`. http is accepted for loopback only. */
  readonly url: string
  readonly username: string
  readonly password: Secret
  /**
   * SHA-256 of the certificates that are accepted, as `openssl x509 -fingerprint -sha256` prints
   * it; none: an authority must have signed the certificate.
   */
  readonly fingerprints: readonly string[]
}

/** The settings of one protocol for the BMC of a host. */
export type BmcSettings = RedfishSettings | IpmiSettings

export interface SshSettings {
  readonly address: string
  readonly port: number
  readonly username: string
  /**
   * Pins, separated by commas: `SHA256:` and unpadded base64, as `ssh-keygen -lf` prints it. When
   * the type of the key is known, it comes first (`ssh-rsa SHA256:…`). Undefined: the first key
   * that the host shows is pinned.
   */
  readonly hostKey: string | undefined
}

export interface ControlAttributes {
  readonly ipmi: IpmiSettings | undefined
  readonly redfish: RedfishSettings | undefined
  readonly ssh: SshSettings | undefined
  /**
   * Options of each ClusterLabs fence agent that may act on the host. The key is the name of the
   * agent.
   */
  readonly agents: ReadonlyMap<string, ReadonlyMap<string, Secret>>
  /** The failure domains of the host; undefined when the settings do not name them. */
  readonly failureDomains: readonly string[] | undefined
  /**
   * What is wrong with the text, in sentences for operators. Empty when the text is correct or is
   * not a settings document of ours.
   */
  readonly problems: readonly string[]
}

const NOTHING: ControlAttributes = {
  ipmi: undefined,
  redfish: undefined,
  ssh: undefined,
  agents: new Map(),
  failureDomains: undefined,
  problems: [],
}

/** The ways to the BMC of a host, in the order in which they are tried. */
export const bmcsOf = ({
  redfish,
  ipmi,
}: Pick<ControlAttributes, 'redfish' | 'ipmi'>): readonly BmcSettings[] =>
  [redfish, ipmi].filter((bmc) => bmc !== undefined)

/** The address of a BMC, without its credentials. */
export const bmcAddress = (bmc: BmcSettings): string =>
  bmc.kind === 'ipmi' ? bmc.address : new URL(bmc.url).hostname

/**
 * Reads `{"ipmi": {"host", "port", "username", "password", "cipher_suite", "privilege"}, "redfish":
 * {"url", "username", "password", "fingerprint"}, "ssh": {"host", "port", "username",
 * "host_key"}}`, `{"fence": {"fence_apc": {"ip", "username", "password", "plug", …}}}` with the
 * options of each fence agent as the agent names them, `"failure_domains"` beside them, and the flat form `{"host", "username",
 * "password"}` (IPMI with a password, SSH without). A label, and JSON that is not ours, give no
 * settings and no problem. A name that nothing reads is a problem; the settings beside it are used.
 */
export function parseControlAttributes(text: string): ControlAttributes {
  const document = readSettings(text)
  switch (document.kind) {
    case 'label':
    case 'foreign':
      return NOTHING
    case 'unreadable':
      return { ...NOTHING, problems: [`control_attributes cannot be read: ${document.reason}`] }
    case 'ours':
      return parseSettings(document.fields)
  }
}

function parseSettings(value: Fields): ControlAttributes {
  const problems: string[] = []
  const flat = flatSection(value)
  const ipmi = value['ipmi'] ?? (flat === 'ipmi' ? value : undefined)
  const ssh = value['ssh'] ?? (flat === 'ssh' ? value : undefined)
  return {
    ipmi: ipmi === undefined ? undefined : parseIpmi(ipmi, problems),
    redfish: parseRedfish(value['redfish'], problems),
    ssh: ssh === undefined ? undefined : parseSsh(ssh, problems),
    agents: parseAgents(value['fence'] ?? {}, problems),
    failureDomains: parseDomains(value[DOMAINS_NAME], problems),
    problems: [...problems, ...unknownNames(value)],
  }
}

function parseDomains(value: unknown, problems: string[]): readonly string[] | undefined {
  if (value === undefined) return undefined
  const found = domainsInSettings(value)
  problems.push(...found.problems)
  // A text that is wrong altogether says nothing. A list without a name says that the host has no domain.
  return found.names.length === 0 && found.problems.length > 0 ? undefined : found.names
}

function parseIpmi(value: unknown, problems: string[]): IpmiSettings | undefined {
  const before = problems.length
  const fields = fieldsOf(value, 'ipmi', problems)
  const address = requiredText(fields, 'ipmi.host', problems)
  const username = requiredText(fields, 'ipmi.username', problems)
  const password = requiredText(fields, 'ipmi.password', problems)
  const port = port16(fields, 'ipmi.port', 623, problems)
  const cipherSuite = cipherSuiteOf(fields, problems)
  const privilege = privilegeOf(fields, problems)
  if (problems.length > before) return undefined
  const kind = 'ipmi' as const
  return { kind, address, port, username, password: new Secret(password), cipherSuite, privilege }
}

function parseRedfish(value: unknown, problems: string[]): RedfishSettings | undefined {
  if (value === undefined) return undefined
  const before = problems.length
  const fields = fieldsOf(value, 'redfish', problems)
  const url = requiredText(fields, 'redfish.url', problems)
  const username = requiredText(fields, 'redfish.username', problems)
  const password = requiredText(fields, 'redfish.password', problems)
  const wrong = url === '' ? undefined : redfishUrlProblem(url)
  if (wrong !== undefined) problems.push(`redfish.url: ${wrong}`)
  const fingerprints = readCertificatePins(fields['fingerprint'])
  if (fingerprints === undefined) {
    problems.push(
      'redfish.fingerprint: must be the SHA-256 of the certificate, 32 pairs of hexadecimal digits, ' +
        'as openssl x509 -fingerprint -sha256 prints it; several are separated by commas',
    )
    return undefined
  }
  if (problems.length > before) return undefined
  return { kind: 'redfish', url, username, password: new Secret(password), fingerprints }
}

/**
 * A value that is not a number is not repeated in the problem, because it may be a secret in the
 * wrong place.
 */
function cipherSuiteOf(fields: Fields, problems: string[]): number {
  const value = fields['cipher_suite'] ?? 17
  const suite = CIPHER_SUITES.find((known) => known === value || String(known) === value)
  if (suite !== undefined) return suite
  const shown = typeof value === 'number' ? value : 'this'
  const suites = CIPHER_SUITES.join(', ')
  problems.push(`ipmi.cipher_suite: ${shown} is not one of ${suites}, which ipmitool supports`)
  return 17
}

/** IPMI also has these levels. The problem names them, and none of them is accepted. */
const OTHER_PRIVILEGES = ['CALLBACK', 'USER', 'OEM']

function privilegeOf(fields: Fields, problems: string[]): BmcPrivilege {
  const value = fields['privilege'] ?? 'ADMINISTRATOR'
  const privilege = BMC_PRIVILEGES.find((known) => known === value)
  if (privilege !== undefined) return privilege
  const shown = OTHER_PRIVILEGES.find((known) => known === value) ?? 'this'
  const levels = BMC_PRIVILEGES.join(' or ')
  problems.push(
    `ipmi.privilege: ${shown} is not ${levels}, the levels that may power a machine off`,
  )
  return 'ADMINISTRATOR'
}

function parseAgents(value: unknown, problems: string[]): ControlAttributes['agents'] {
  const agents = Object.entries(fieldsOf(value, 'fence', problems))
  return new Map(
    agents.map(([name, options]) => {
      const path = `fence.${name}`
      const texts = Object.entries(fieldsOf(options, path, problems)).map(
        ([key, option]) => [key, agentOption(`${path}.${key}`, option, problems)] as const,
      )
      problems.push(...agentOptionProblems(texts).map((problem) => `${path}.${problem}`))
      return [name, new Map(texts.map(([key, text]) => [key, new Secret(text)]))]
    }),
  )
}

function agentOption(path: string, value: unknown, problems: string[]): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object') {
    problems.push(`${path}: must be a text, a number or a truth value`)
  }
  return JSON.stringify(value)
}

function parseSsh(value: unknown, problems: string[]): SshSettings | undefined {
  const before = problems.length
  const fields = fieldsOf(value, 'ssh', problems)
  const address = requiredText(fields, 'ssh.host', problems)
  const username = requiredText(fields, 'ssh.username', problems)
  const port = port16(fields, 'ssh.port', 22, problems)
  const hostKey = hostKeyOf(fields, problems)
  if (problems.length > before) return undefined
  return { address, port, username, hostKey }
}

function hostKeyOf(fields: Fields, problems: string[]): string | undefined {
  const value = fields['host_key']
  if (value === undefined) return undefined
  if (typeof value === 'string' && readPins(value) !== undefined) return value
  problems.push(
    'ssh.host_key: must be SHA256: and 43 characters, as ssh-keygen -lf prints it; the type of the key may stand in front ' +
      `(${HOST_KEY_TYPES.join(', ')}), and several are separated by commas`,
  )
  return undefined
}

function fieldsOf(value: unknown, name: string, problems: string[]): Fields {
  if (isFields(value)) return value
  problems.push(`${name}: must be a JSON object`)
  return {}
}

function requiredText(fields: Fields, path: string, problems: string[]): string {
  const value = fields[path.slice(path.indexOf('.') + 1)]
  if (typeof value === 'string' && value !== '' && !/\p{Cc}/u.test(value)) return value
  problems.push(`${path}: must be a text without control characters`)
  return ''
}

function port16(fields: Fields, path: string, fallback: number, problems: string[]): number {
  const port = Number(fields['port'] ?? fallback)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  problems.push(`${path}: must be a port number from 1 to 65535`)
  return fallback
}
