/**
 * Reads the configuration file, and reports all its problems at once. Only this file reads files
 * and environment variables for settings.
 */
import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { OPTIONS, type Config } from '../schema/config.ts'
import type { Option } from '../schema/config/option.ts'
import { advice, contradictions, type Origin } from '../schema/config/relations.ts'
import { fateOf } from './config/fate.ts'
import { parseIni, sectionName, type IniFile } from './config/parse-ini.ts'
import { allowedText, readValue } from './config/read-value.ts'
import { substitute } from './config/substitute.ts'
import { unhonoured } from './config/unhonoured.ts'
import { unknownOptions } from './config/unknown-options.ts'
import { problemsOf } from './trusted-files.ts'

/** One reason why the configuration cannot be used. A secret `value` is masked. */
export interface ConfigProblem {
  /** Undefined when the problem concerns the whole file. */
  readonly option: string | undefined
  readonly value: string | undefined
  readonly text: string
}

/** A frozen configuration with notes for the log, one line each, or all problems. */
export type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: Config; readonly notes: readonly string[] }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] }

/**
 * Loads a file. Without a path, the embedded defaults are used: all roles in one process, on a
 * simulated cloud.
 */
export function loadConfig(path: string | undefined): LoadedConfig {
  if (path === undefined) return readConfig('', 'embedded')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'invalid', problems: [whole(`cannot read ${path}: ${reason}`)] }
  }
  const problems = problemsOf({ what: 'the configuration file', path, use: 'trusted' })
  if (problems.length > 0) return { kind: 'invalid', problems: problems.map(whole) }
  const loaded = readConfig(text, 'file', dirname(path))
  if (loaded.kind === 'invalid' || (statSync(path).mode & 0o004) === 0) return loaded
  const note = `${path} can be read by every user of this machine, and it may hold passwords`
  return { ...loaded, notes: [note, ...loaded.notes] }
}

/**
 * Reads the text of a file in that directory. With the origin `embedded`, options have their
 * embedded defaults.
 */
export function readConfig(text: string, origin: Origin, directory = '.'): LoadedConfig {
  const file = parseIni(text)
  const problems = file.problems.map(whole)
  problems.push(...unknownOptions(file).map((unknown) => ({ ...unknown, value: undefined })))
  problems.push(...unhonoured(file).map((option) => ({ ...option, value: undefined })))
  const parts = Object.entries<Readonly<Record<string, Option>>>(OPTIONS).map(([part, options]) => [
    part,
    Object.fromEntries(
      Object.entries(options).map(([name, option]) => {
        const outcome = readOption(option, file, { origin, directory })
        if (outcome.kind === 'problem' && !isTold(problems, outcome.problem)) {
          problems.push(outcome.problem)
        }
        return [name, outcome.kind === 'value' ? outcome.value : undefined]
      }),
    ),
  ])
  if (problems.length > 0) return { kind: 'invalid', problems }
  // readOption has read each value by its declaration
  const config = Object.fromEntries(parts) as Config
  for (const { option, text: why } of contradictions(config, origin)) {
    problems.push({ option, value: undefined, text: why })
  }
  if (problems.length > 0) return { kind: 'invalid', problems }
  const notes = origin === 'file' ? [...remarks(file), ...advice(config)] : []
  return { kind: 'ok', config: deepFreeze(config), notes }
}

/** One line of the file may be read for several options, and its problem is reported once. */
const isTold = (problems: readonly ConfigProblem[], { option }: ConfigProblem): boolean =>
  problems.some((told) => told.option === option)

/** All problems as lines for a terminal. */
export function describeProblems(problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ option, value, text }) => {
      if (option === undefined) return text
      const [section, name] = splitName(option)
      return `[${section}] ${name}${value === undefined ? '' : ` = ${value}`}: ${text}`
    })
    .join('\n')
}

const whole = (text: string): ConfigProblem => ({ option: undefined, value: undefined, text })

const splitName = (name: string): readonly [section: string, option: string] => {
  const dot = name.indexOf('.')
  return [name.slice(0, dot), name.slice(dot + 1)]
}

/**
 * A value for people. A URL may contain a password although it should not, so that part is hidden.
 */
const shown = (raw: string): string => JSON.stringify(raw.replaceAll(/:\/\/[^/]*@/g, '://***@'))

type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'problem'; readonly problem: ConfigProblem }

interface Place {
  readonly origin: Origin
  readonly directory: string
}

function readOption(option: Option, file: IniFile, { origin, directory }: Place): Outcome {
  const name = option.names.find((each) => isSet(file, each)) ?? option.names[0]
  const fallback = origin === 'embedded' ? (option.embedded ?? option.default) : option.default
  const raw = textFor(option, file, name) || fallback
  if (raw === undefined) return { kind: 'value', value: undefined }
  const secret = ['secret', 'store', 'amqp'].includes(option.kind)
  const refuse = (text: string): Outcome => ({
    kind: 'problem',
    problem: { option: name, value: secret ? '***' : shown(raw), text },
  })
  const [section] = splitName(name)
  const ambient = new Map([['hostname', hostname()]])
  const resolved = substitute(raw, { sections: file.sections, section, ambient })
  if (resolved.kind === 'problem') {
    // The dollar sign is part of a password, so what follows it is not printed.
    return refuse(secret ? 'contains a dollar sign that is not written as $$' : resolved.text)
  }
  const reading = readValue(resolved.text, option)
  if (reading === undefined) return refuse(`must be ${allowedText(option)}`)
  if ('problem' in reading) return refuse(reading.problem)
  return { kind: 'value', value: placed(reading.value, option, directory) }
}

function textOf(file: IniFile, name: string): string | undefined {
  const [section, option] = splitName(name)
  return file.sections.get(sectionName(section))?.get(option)
}

function placed(value: unknown, { kind }: Option, directory: string): unknown {
  if (kind === 'beside') return resolve(directory, String(value))
  if (kind !== 'besides' || !Array.isArray(value)) return value
  return value.map((path) => resolve(directory, String(path)))
}

/** The last line, or all lines when each of them is a value. */
function textFor(option: Option, file: IniFile, name: string): string | undefined {
  const last = textOf(file, name)
  if (!('isRepeated' in option) || last === undefined) return last
  const [section, key] = splitName(name)
  return [...(file.earlier.get(`${sectionName(section)}.${key}`) ?? []), last].join(',')
}

/** `option =` without a value counts as an absent line. */
const isSet = (file: IniFile, name: string): boolean => (textOf(file, name) ?? '') !== ''

/**
 * Each option that has no effect, with the reason; and the unknown options, in one line for each
 * section.
 */
function remarks({ sections }: IniFile): readonly string[] {
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
