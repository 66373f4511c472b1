/**
 * Tells what kind of text a host's `control_attributes` are: settings of ours, JSON of another
 * program, or a label.
 */
import { readBoundedJson, type JsonBounds } from './bounded-json.ts'
import { adviceFor, misspeltName, shownName } from './nearest-name.ts'

/** As long as Masakari's column. Our own settings have three levels and about thirty members. */
export const CONTROL_ATTRIBUTES_BOUNDS: JsonBounds = {
  characters: 65_535,
  depth: 16,
  members: 1000,
}

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/** Whether a value is a JSON object. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export type SettingsDocument =
  /** Plain text, which Masakari allows. */
  | { readonly kind: 'label' }
  /**
   * The text begins like JSON and is not valid JSON, exceeds the bounds, or is the note about a
   * text that cannot be opened.
   */
  | { readonly kind: 'unreadable'; readonly why: Unreadable; readonly reason: string }
  /** JSON that operators keep there for other programs. */
  | { readonly kind: 'foreign'; readonly value: unknown }
  | { readonly kind: 'ours'; readonly fields: Fields }

type Unreadable = 'malformed' | 'excessive' | 'noted'

/** The sections of our settings. */
export const SECTION_NAMES = ['ipmi', 'redfish', 'ssh', 'fence'] as const
/** The name of the host's failure domains, beside the sections. */
export const DOMAINS_NAME = 'failure_domains'
export const IPMI_NAMES = ['host', 'port', 'username', 'password', 'cipher_suite', 'privilege']
export const REDFISH_NAMES = ['url', 'username', 'password', 'fingerprint']
export const SSH_NAMES = ['host', 'port', 'username', 'host_key']

/**
 * Reads the text. JSON is ours when it has one of our sections, or `host`, or names that almost
 * certainly mean these: an object called `IPMI`, texts called `Host` and `Username`.
 */
export function readSettings(text: string): SettingsDocument {
  const note = NOTE.exec(text)?.[1]
  if (note !== undefined) return { kind: 'unreadable', why: 'noted', reason: note }
  if (SEALED.test(text)) {
    return { kind: 'unreadable', why: 'malformed', reason: 'the sealed text was changed' }
  }
  if (!/^\s*[{[]/.test(text)) return labelOf(text)
  const reading = readBoundedJson(text, CONTROL_ATTRIBUTES_BOUNDS)
  if (reading.kind !== 'read') {
    return { kind: 'unreadable', why: reading.kind, reason: `the text ${reading.reason}` }
  }
  const { value } = reading
  return isFields(value) && isOurs(value)
    ? { kind: 'ours', fields: value }
    : { kind: 'foreign', value }
}

function labelOf(text: string): SettingsDocument {
  const { characters } = CONTROL_ATTRIBUTES_BOUNDS
  if (text.length <= characters) return { kind: 'label' }
  const reason = `the text is longer than ${characters} characters`
  return { kind: 'unreadable', why: 'excessive', reason }
}

/** The note that is shown in place of a stored text that cannot be read. */
export const unreadableNote = (reason: string): string => `(unreadable: ${reason})`

const NOTE = /^\(unreadable: ([\w ,:.-]{1,200})\)$/

/** A text in this form was changed in the database; otherwise the vault would have opened it. */
const SEALED = /^sealed:v\d+:/

function isOurs(fields: Fields): boolean {
  const names = Object.keys(fields)
  if (names.some((name) => name === 'host' || TOP_NAMES.includes(name))) return true
  const looksLike = (...known: readonly string[]): boolean =>
    names.some((name) => !isFields(fields[name]) && isLike(name, known))
  return (
    names.some((name) => isFields(fields[name]) && isLike(name, SECTION_NAMES)) ||
    names.some((name) => isLike(name, [DOMAINS_NAME])) ||
    (looksLike('host') && looksLike('username'))
  )
}

const TOP_NAMES: readonly string[] = [...SECTION_NAMES, DOMAINS_NAME]

const isLike = (name: string, known: readonly string[]): boolean =>
  misspeltName(name, known) !== undefined

/**
 * The flat form has the fields of one section without the section's name: IPMI with a password, SSH
 * without.
 */
export function flatSection(fields: Fields): 'ipmi' | 'ssh' | undefined {
  if (!('host' in fields)) return undefined
  return 'password' in fields ? 'ipmi' : 'ssh'
}

/**
 * One sentence for each name in our settings that nothing reads. The options of fence agents are
 * not checked here.
 */
export function unknownNames(fields: Fields): readonly string[] {
  const flat = flatSection(fields)
  const top = flat === undefined ? [] : NAMES[flat]
  return [
    ...unknownIn(fields, '', [...top, ...TOP_NAMES]),
    ...unknownIn(fields['ipmi'], 'ipmi.', IPMI_NAMES),
    ...unknownIn(fields['redfish'], 'redfish.', REDFISH_NAMES),
    ...unknownIn(fields['ssh'], 'ssh.', SSH_NAMES),
    ...misnamedAgents(fields['fence']),
  ]
}

const NAMES = { ipmi: IPMI_NAMES, ssh: SSH_NAMES } as const

const unknownIn = (value: unknown, path: string, known: readonly string[]): readonly string[] =>
  namesOf(value)
    .filter((name) => !known.includes(name))
    .map((name) => `${path}${shownName(name)}: unknown; ${adviceFor(name, known)}`)

/** A fence plan calls agents by names of this form; an agent with another name is never found. */
const misnamedAgents = (value: unknown): readonly string[] =>
  namesOf(value)
    .filter((name) => !/^fence_[a-z0-9_]{1,60}$/.test(name))
    .map((name) => `fence.${shownName(name)}: agents are called fence_ and a name in small letters`)

const namesOf = (value: unknown): readonly string[] => (isFields(value) ? Object.keys(value) : [])
