/**
 * Lays the parts of a configuration over each other: the main file, its overlays, the environment.
 * For each option, the last part that has it counts. Pure.
 */
import type { IniFile } from './parse-ini.ts'

/** One part of the configuration. */
export interface Layer {
  /** The path of the file; undefined for a text without a file. */
  readonly source: string | undefined
  readonly ini: IniFile
  /** Describes where an option comes from, when it is not a line of a file. */
  readonly placeOf?: (option: string) => string
}

/** Where the value of an option comes from. */
export interface SettingPlace {
  /** The number of the part, the first one is 0. */
  readonly layer: number
  /** For people; undefined for a text without a file. */
  readonly text: string | undefined
}

/** All parts as one. */
export interface Settings extends Pick<IniFile, 'sections' | 'earlier' | 'problems'> {
  /** By `section.option`. */
  readonly places: ReadonlyMap<string, SettingPlace>
}

/** Lays them over each other; the last one comes last. A repeated option of one part replaces all its lines of the others. */
export function layered(layers: readonly Layer[]): Settings {
  const sections = new Map<string, Map<string, string>>()
  const earlier = new Map<string, readonly string[]>()
  const places = new Map<string, SettingPlace>()
  for (const [index, layer] of layers.entries()) {
    for (const [section, options] of layer.ini.sections) {
      const into = sections.get(section) ?? new Map<string, string>()
      sections.set(section, into)
      for (const [name, value] of options) {
        const option = `${section}.${name}`
        into.set(name, value)
        earlier.set(option, layer.ini.earlier.get(option) ?? [])
        places.set(option, { layer: index, text: placeOf(layer, option) })
      }
    }
  }
  return { sections, earlier, places, problems: layers.flatMap(problemsOf) }
}

function placeOf({ source, ini, placeOf }: Layer, option: string): string | undefined {
  if (placeOf !== undefined) return placeOf(option)
  return source === undefined ? undefined : `${source}, line ${ini.lines.get(option)}`
}

const problemsOf = ({ source, ini }: Layer): readonly string[] =>
  ini.problems.map((text) => (source === undefined ? text : `${source}, ${text}`))
