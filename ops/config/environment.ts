/**
 * Options from the environment: INSTANCE_HA_<SECTION>__<OPTION>, as oslo.config has
 * OS_<GROUP>__<OPTION>. A variable that begins like ours and names no option is a problem.
 */
import { OPTIONS } from '../../schema/config.ts'
import type { OptionGroup } from '../../schema/config/option.ts'
import { spellingsOf } from '../../schema/config/secret-files.ts'
import { adviceFor, nearestName, shownName } from '../../schema/nearest-name.ts'
import type { Layer } from './layers.ts'

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The options of the environment, what is wrong with our variables, and what has no effect. */
export interface EnvironmentReading {
  readonly layer: Layer
  readonly problems: readonly string[]
  readonly notes: readonly string[]
}

const PREFIX = 'INSTANCE_HA_'

/** The variable of an option. Two underscores end the section, because names contain single ones. */
export const variableOf = (option: string): string =>
  PREFIX + option.replace('.', '__').toUpperCase()

/** `section.option` by its variable. */
const OPTION_OF: ReadonlyMap<string, string> = new Map(
  Object.values<OptionGroup>(OPTIONS)
    .flatMap((options) => Object.values(options))
    .flatMap(spellingsOf)
    .map((option) => [variableOf(option), option]),
)

/** Names with one underscore instead of two, which would otherwise be taken for those of others. */
const SLIPS: ReadonlyMap<string, string> = new Map(
  [...OPTION_OF.keys()].map((variable) => [variable.replace('__', '_'), variable]),
)

/** Reads our variables. Values are never quoted in a problem, because they may be secret. */
export function readEnvironment(environment: Environment): EnvironmentReading {
  const sections = new Map<string, Map<string, string>>()
  const problems: string[] = []
  const notes: string[] = []
  for (const [variable, value] of Object.entries(environment)) {
    const option = OPTION_OF.get(variable)
    if (option === undefined) {
      const problem = problemOf(variable)
      if (problem !== undefined) problems.push(problem)
      const meant = ourFormOf(variable)
      if (meant !== undefined) notes.push(`${variable} has no effect: it is ${meant} here`)
      continue
    }
    const dot = option.indexOf('.')
    const section = option.slice(0, dot)
    const options = sections.get(section) ?? new Map<string, string>()
    sections.set(section, options.set(option.slice(dot + 1), value ?? ''))
  }
  const ini = { sections, earlier: new Map(), lines: new Map(), problems: [] }
  return { layer: { source: undefined, ini, placeOf }, problems, notes }
}

const placeOf = (option: string): string => `${variableOf(option)} of the environment`

/**
 * Kubernetes sets variables such as INSTANCE_HA_API_PORT for a service of that name. They have no
 * two underscores in a row, so they are not ours.
 */
function problemOf(variable: string): string | undefined {
  if (!variable.startsWith(PREFIX)) return undefined
  const meant = SLIPS.get(variable)
  if (meant === undefined && !variable.includes('__')) return undefined
  const near = meant ?? nearestName(variable, OPTION_OF.keys())
  const advice =
    near === undefined
      ? `write ${PREFIX}<SECTION>__<OPTION>; print-sample shows the options`
      : adviceFor(variable, [near])
  return `${shownName(variable)} of the environment: there is no such option; ${advice}`
}

/** oslo's name of one of our options. */
function ourFormOf(variable: string): string | undefined {
  const [, rest] = /^OS_(.+)$/.exec(variable) ?? []
  const ours = `${PREFIX}${rest}`
  return OPTION_OF.has(ours) ? ours : undefined
}
