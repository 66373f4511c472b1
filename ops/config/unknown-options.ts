/**
 * Finds unknown options in sections that only this product has. A misspelt option would have no
 * effect, and the operator would not notice.
 */
import { OPTIONS } from '../../schema/config.ts'
import type { OptionGroup } from '../../schema/config/option.ts'
import { spellingsOf } from '../../schema/config/secret-files.ts'
import { SUPERSEDED } from '../../schema/config/superseded.ts'
import { adviceFor, misspeltName, shownName } from '../../schema/nearest-name.ts'
import type { IniFile } from './parse-ini.ts'

/**
 * Sections that neither Masakari, its monitors nor an oslo library has. In other sections an
 * unknown option may belong to those.
 */
const OWN_SECTIONS = 'roles log webhook housekeeping bus lease fence ssh guest bridge'.split(' ')

/** An option or a section that is not known. */
export interface UnknownOption {
  /** `<section>.<option>`; undefined when the whole section is not known. */
  readonly option: string | undefined
  readonly text: string
}

/**
 * Every unknown option in our own sections, and every section whose name is a misspelt name of one
 * of them.
 */
export function unknownOptions({ sections }: Pick<IniFile, 'sections'>): readonly UnknownOption[] {
  const known = knownOptions()
  return [...sections].flatMap(([section, options]) => {
    if (!OWN_SECTIONS.includes(section)) return known.has(section) ? [] : unknownSection(section)
    const names = [...(known.get(section) ?? [])]
    return [...options.keys()]
      .filter((name) => !names.includes(name))
      .map((name) => ({
        option: `${section}.${shownName(name)}`,
        text: `there is no such option; ${adviceFor(name, names)}`,
      }))
  })
}

function unknownSection(section: string): readonly UnknownOption[] {
  const meant = misspeltName(section, OWN_SECTIONS)
  if (meant === undefined) return []
  const text = `[${shownName(section)}]: there is no such section; did you mean [${meant}]?`
  return [{ option: undefined, text }]
}

/** The option names of each section. */
function knownOptions(): ReadonlyMap<string, ReadonlySet<string>> {
  const declared = Object.values<OptionGroup>(OPTIONS)
    .flatMap((options) => Object.values(options))
    .flatMap(spellingsOf)
  const sections = new Map<string, Set<string>>()
  for (const name of [...declared, ...Object.keys(SUPERSEDED)]) {
    const dot = name.indexOf('.')
    const names = sections.get(name.slice(0, dot)) ?? new Set<string>()
    sections.set(name.slice(0, dot), names.add(name.slice(dot + 1)))
  }
  return sections
}
