/** Reads one option from the settings, or from the file that its twin names, and says where it is from. */
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Option } from '../../schema/config/option.ts'
import type { Origin } from '../../schema/config/relations.ts'
import { fileTwin, holdsSecret } from '../../schema/config/secret-files.ts'
import type { SettingPlace, Settings } from './layers.ts'
import { sectionName } from './parse-ini.ts'
import { allowedText, readValue } from './read-value.ts'
import { readSecretFile } from './setting-files.ts'
import { substitute, type Substituted } from './substitute.ts'

/** One reason why the configuration cannot be used. A secret `value` is masked. */
export interface ConfigProblem {
  /** Undefined when the problem concerns the whole file. */
  readonly option: string | undefined
  readonly value: string | undefined
  readonly text: string
  /** The file and line, or the variable; undefined when it is not known, or the text says it. */
  readonly from?: string | undefined
}

/** A value, with a note when its file can be read by everybody; or a problem. */
export type OptionReading =
  | {
      readonly kind: 'value'
      readonly value: unknown
      /** As the operator wrote it, for people: `(secret)` for a secret, the path of its file for a twin. */
      readonly shown: string | undefined
      /** The name under which it was given; undefined for a default. */
      readonly name: string | undefined
      readonly from: string | undefined
      readonly note?: string
    }
  | { readonly kind: 'problem'; readonly problem: ConfigProblem }

/** What an option is read with. */
export interface SettingsAround {
  readonly settings: Settings
  readonly origin: Origin
  /** Relative paths begin here. */
  readonly directory: string
}

/** Splits `section.option`. */
export const splitName = (name: string): readonly [section: string, option: string] => {
  const dot = name.indexOf('.')
  return [name.slice(0, dot), name.slice(dot + 1)]
}

/** `[section] option`, as it is written in a file. */
export const inBrackets = (name: string): string => {
  const [section, option] = splitName(name)
  return `[${section}] ${option}`
}

/** Reads it. Without a value in the settings, the default counts. */
export function readOption(option: Option, around: SettingsAround): OptionReading {
  const { settings, directory } = around
  const name = nameInUse(option, settings)
  if (name !== undefined && isSet(settings, twinOf(option, name))) {
    return readTwin(option, name, around)
  }
  const used = name ?? option.names[0]
  const raw = textFor(option, settings, used) || defaultOf(option, around)
  const from = name === undefined ? undefined : placeOf(settings, name)?.text
  if (raw === undefined) return { kind: 'value', value: undefined, shown: undefined, name, from }
  const secret = holdsSecret(option)
  const reading = readText(raw, option, { settings, used })
  if ('problem' in reading) {
    const value = secret ? '***' : JSON.stringify(hideLogin(raw))
    return { kind: 'problem', problem: { option: used, value, text: reading.problem, from } }
  }
  const value = placed(reading.value, option, directory)
  return { kind: 'value', value, shown: secret ? '(secret)' : hideLogin(raw), name, from }
}

const defaultOf = (option: Option, { origin }: SettingsAround): string | undefined =>
  origin === 'embedded' ? (option.embedded ?? option.default) : option.default

type Result = { readonly value: unknown } | { readonly problem: string }

/** Replaces the references in a text, and converts it. */
function readText(
  raw: string,
  option: Option,
  { settings, used }: { readonly settings: Settings; readonly used: string },
): Result {
  const resolved = withReferences(raw, settings, used)
  if (resolved.kind === 'ok') return converted(resolved.text, option)
  // The dollar sign is part of a password, so what follows it is not printed.
  const problem = 'contains a dollar sign that is not written as $$'
  return { problem: holdsSecret(option) ? problem : resolved.text }
}

function withReferences(raw: string, { sections }: Settings, name: string): Substituted {
  const [section] = splitName(name)
  return substitute(raw, { sections, section, ambient: new Map([['hostname', hostname()]]) })
}

const converted = (text: string, option: Option): Result =>
  readValue(text, option) ?? { problem: `must be ${allowedText(option)}` }

/** The content of the file is the value itself: references in it are not replaced. */
function readTwin(
  option: Option,
  name: string,
  { settings, directory }: SettingsAround,
): OptionReading {
  const twin = fileTwin(name)
  const from = placeOf(settings, twin)?.text
  const refuse = (text: string): OptionReading => ({
    kind: 'problem',
    problem: { option: twin, value: undefined, text, from },
  })
  if (isSet(settings, name)) {
    const other = placeOf(settings, name)?.text
    const where = other === undefined ? '' : ` (${other})`
    return refuse(`${inBrackets(name)} is set, too${where}: give only one of them`)
  }
  const given = withReferences(textOf(settings, twin) ?? '', settings, twin)
  if (given.kind === 'problem') return refuse(given.text)
  const path = resolve(directory, given.text)
  const file = readSecretFile(path, inBrackets(name))
  if ('problems' in file) return refuse(file.problems.join('; '))
  const reading = converted(file.text, option)
  if ('problem' in reading) return refuse(`the content of ${path}: ${reading.problem}`)
  const read = { kind: 'value', value: reading.value, shown: path, name: twin, from } as const
  return file.isPublic ? { ...read, note: publicNote(path) } : read
}

/** The remark about a file with passwords that every user can read. */
export const publicNote = (path: string): string =>
  `${path} can be read by every user of this machine, and it may hold passwords`

/** The name of its twin; of an option without one, a name that nothing has. */
const twinOf = (option: Option, name: string): string =>
  holdsSecret(option) ? fileTwin(name) : '.'

/**
 * The name under which the option is given: of names in one section the one that was given last; otherwise the first one in
 * the order of the declaration. Undefined when it is not given.
 */
function nameInUse(option: Option, settings: Settings): string | undefined {
  const set = option.names.filter(
    (name) => isSet(settings, name) || isSet(settings, twinOf(option, name)),
  )
  const [first] = set
  if (first === undefined) return undefined
  const layerOf = (name: string): number =>
    Math.max(...[name, twinOf(option, name)].map((each) => placeOf(settings, each)?.layer ?? -1))
  const [section] = splitName(first)
  const [latest] = set
    .filter((name) => splitName(name)[0] === section)
    .toSorted((one, other) => layerOf(other) - layerOf(one))
  return latest
}

const placeOf = (settings: Settings, name: string): SettingPlace | undefined => {
  const [section, option] = splitName(name)
  return settings.places.get(`${sectionName(section)}.${option}`)
}

function textOf({ sections }: Settings, name: string): string | undefined {
  const [section, option] = splitName(name)
  return sections.get(sectionName(section))?.get(option)
}

/** `option =` without a value counts as an absent line. */
const isSet = (settings: Settings, name: string): boolean => (textOf(settings, name) ?? '') !== ''

/** The last line, or all lines when each of them is a value. */
function textFor(option: Option, settings: Settings, name: string): string | undefined {
  const last = textOf(settings, name)
  if (!('isRepeated' in option) || last === undefined) return last
  const [section, key] = splitName(name)
  return [...(settings.earlier.get(`${sectionName(section)}.${key}`) ?? []), last].join(',')
}

function placed(value: unknown, { kind }: Option, directory: string): unknown {
  if (kind === 'beside') return resolve(directory, String(value))
  if (kind !== 'besides' || !Array.isArray(value)) return value
  return value.map((path) => resolve(directory, String(path)))
}

/** A URL may contain a password although it should not, so that part is hidden. */
const hideLogin = (raw: string): string => raw.replaceAll(/:\/\/[^/]*@/g, '://***@')
