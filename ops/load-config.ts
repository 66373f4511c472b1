/**
 * Loads the configuration from its files and the environment, and reports all its problems at once.
 * Only `ops/config/` and this file read files and environment variables for settings.
 */
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { OPTIONS, type Config } from '../schema/config.ts'
import type { Option } from '../schema/config/option.ts'
import { advice, contradictions, type Origin } from '../schema/config/relations.ts'
import { readEnvironment, variableOf, type Environment } from './config/environment.ts'
import { fateOf } from './config/fate.ts'
import { layered, type Layer, type Settings } from './config/layers.ts'
import { parseIni } from './config/parse-ini.ts'
import {
  inBrackets,
  publicNote,
  readOption,
  type ConfigProblem,
  type OptionReading,
  type SettingsAround,
} from './config/read-option.ts'
import { overlaysOf, readConfigFile } from './config/setting-files.ts'
import { unhonoured } from './config/unhonoured.ts'
import { unknownOptions } from './config/unknown-options.ts'

/** An option whose value differs from its default. */
export interface GivenOption {
  /** `section.option`, as it was given. */
  readonly name: string
  /** As the operator wrote it; a secret is masked. */
  readonly value: string
  /** The file and line, or the variable of the environment. */
  readonly from: string | undefined
  readonly option: Option
}

/** A frozen configuration with notes for the log, one line each, or all problems. */
export type LoadedConfig =
  | {
      readonly kind: 'ok'
      readonly config: Config
      readonly notes: readonly string[]
      /** What differs from the defaults. */
      readonly given: readonly GivenOption[]
    }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] }

/**
 * Loads a file with its overlays, and the options of the environment. Without a path, the embedded
 * defaults are used: all roles in one process, on a simulated cloud.
 */
export function loadConfig(
  path: string | undefined,
  environment: Environment = process.env,
): LoadedConfig {
  const layers: Layer[] = []
  const problems: ConfigProblem[] = []
  const notes: string[] = []
  for (const source of path === undefined ? [] : filesOf(path, problems)) {
    const reading = readConfigFile(source)
    if ('problems' in reading) problems.push(...reading.problems.map(whole))
    else {
      layers.push({ source, ini: parseIni(reading.text) })
      if (reading.isPublic) notes.push(publicNote(source))
    }
  }
  const variables = readEnvironment(environment)
  problems.push(...variables.problems.map(whole))
  if (problems.length > 0) return { kind: 'invalid', problems }
  const origin = path === undefined ? 'embedded' : 'file'
  const directory = path === undefined ? '.' : dirname(path)
  const settings = layered([...layers, variables.layer])
  const loaded = readSettings({ settings, origin, directory })
  if (loaded.kind === 'invalid') return loaded
  return { ...loaded, notes: [...notes, ...variables.notes, ...loaded.notes] }
}

function filesOf(path: string, problems: ConfigProblem[]): readonly string[] {
  const overlays = overlaysOf(path)
  if ('problems' in overlays) problems.push(...overlays.problems.map(whole))
  return [path, ...('paths' in overlays ? overlays.paths : [])]
}

/**
 * Reads the text of a file in that directory. With the origin `embedded`, options have their
 * embedded defaults.
 */
export function readConfig(text: string, origin: Origin, directory = '.'): LoadedConfig {
  const settings = layered([{ source: undefined, ini: parseIni(text) }])
  return readSettings({ settings, origin, directory })
}

function readSettings(around: SettingsAround): LoadedConfig {
  const { settings, origin } = around
  const problems: ConfigProblem[] = settings.problems.map(whole)
  for (const { option, text } of [...unknownOptions(settings), ...unhonoured(settings)]) {
    const from = option === undefined ? undefined : settings.places.get(option)?.text
    problems.push({ option, value: undefined, text, from })
  }
  const outcomes = readAll(around)
  for (const { outcome } of outcomes) {
    if (outcome.kind === 'problem' && !isTold(problems, outcome.problem)) {
      problems.push(outcome.problem)
    }
  }
  if (problems.length > 0) return { kind: 'invalid', problems }
  const config = configOf(outcomes)
  for (const { option, text } of contradictions(config, origin)) {
    const from = settings.places.get(option)?.text
    problems.push({ option, value: undefined, text, from })
  }
  if (problems.length > 0) return { kind: 'invalid', problems }
  const notes = origin === 'file' ? [...remarks(settings), ...advice(config)] : []
  const about = outcomes.flatMap(({ outcome }) =>
    outcome.kind === 'value' && outcome.note !== undefined ? [outcome.note] : [],
  )
  const given = outcomes.flatMap((read) => givenOf(read, around))
  return { kind: 'ok', config: deepFreeze(config), notes: [...new Set(about), ...notes], given }
}

interface ReadOption {
  readonly part: string
  readonly key: string
  readonly option: Option
  readonly outcome: OptionReading
}

const readAll = (around: SettingsAround): readonly ReadOption[] =>
  Object.entries<Readonly<Record<string, Option>>>(OPTIONS).flatMap(([part, options]) =>
    Object.entries(options).map(([key, option]) => {
      return { part, key, option, outcome: readOption(option, around) }
    }),
  )

function configOf(outcomes: readonly ReadOption[]): Config {
  const parts: Record<string, Record<string, unknown>> = {}
  for (const { part, key, outcome } of outcomes) {
    parts[part] ??= {}
    parts[part][key] = outcome.kind === 'value' ? outcome.value : undefined
  }
  // readOption has read each value by its declaration
  return parts as unknown as Config
}

const NOTHING: Settings = layered([])

function givenOf({ option, outcome }: ReadOption, around: SettingsAround): readonly GivenOption[] {
  if (outcome.kind === 'problem' || outcome.name === undefined) return []
  const { name, shown, from, value } = outcome
  const preset = readOption(option, { ...around, settings: NOTHING })
  if (preset.kind === 'value' && isDeepStrictEqual(preset.value, value)) return []
  return [{ name, value: shown ?? '', from, option }]
}

/** One line of the file may be read for several options, and its problem is reported once. */
const isTold = (problems: readonly ConfigProblem[], { option }: ConfigProblem): boolean =>
  problems.some((told) => told.option === option)

/** All problems as lines for a terminal. */
export function describeProblems(problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ option, value, text, from }) => {
      const where = from === undefined ? '' : ` (${from})`
      if (option === undefined) return text + where
      return `${inBrackets(option)}${value === undefined ? '' : ` = ${value}`}: ${text}${where}`
    })
    .join('\n')
}

const whole = (text: string): ConfigProblem => ({ option: undefined, value: undefined, text })

/**
 * Each option that has no effect, with the reason; and the unknown options, in one line for each
 * section.
 */
function remarks({ sections }: Settings): readonly string[] {
  const notes: string[] = []
  for (const [section, options] of sections) {
    const ignored: string[] = []
    for (const option of options.keys()) {
      const fate = fateOf(`${section}.${option}`)
      if (fate === undefined) ignored.push(option)
      else if (fate.kind !== 'honoured') {
        notes.push(`[${section}] ${option} has no effect: ${fate.reason}`)
      }
    }
    if (ignored.length > 0) notes.push(`[${section}] options ignored: ${ignored.join(', ')}`)
  }
  return notes
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
  return value
}

const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/**
 * Where the process of this container serves its health, as host:port. Only the environment counts: a broken file must not make a
 * process look ill that runs on with what it has read before.
 */
export function healthPlace(environment: Environment): string {
  const { listen, port } = OPTIONS.health
  const named = environment[variableOf(listen.names[0])] ?? listen.default
  const host = ANY_ADDRESS.has(named) ? '127.0.0.1' : named
  const shown = host.includes(':') ? `[${host}]` : host
  return `${shown}:${environment[variableOf(port.names[0])] ?? port.default}`
}
