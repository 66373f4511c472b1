/**
 * Reads the INI format of oslo.config, which an existing masakari.conf has. The `ini` package
 * cannot be used: it cuts values at `;` and `#`, which passwords may contain, supports neither `:`
 * nor continuation lines, splits section names at dots, and reports no errors.
 */

/** The last value of each option, by section and option. `$references` are not replaced yet. */
export interface IniFile {
  readonly sections: ReadonlyMap<string, ReadonlyMap<string, string>>
  /**
   * The values before the last one, for an option that occurs several times, by `section.option`.
   */
  readonly earlier: ReadonlyMap<string, readonly string[]>
  /** The number of the line with the last value of each option, by `section.option`. */
  readonly lines: ReadonlyMap<string, number>
  /**
   * The lines that are not INI: `line 7: …`. The line is never quoted, because it may contain a
   * password.
   */
  readonly problems: readonly string[]
}

interface Section {
  readonly name: string
  readonly options: Map<string, string>
}

interface Reader {
  readonly sections: Map<string, Map<string, string>>
  readonly earlier: Map<string, string[]>
  readonly lines: Map<string, number>
  readonly problems: string[]
  line: number
  section: Section | undefined
  /** The option to which an indented line would belong. */
  open: string | undefined
}

/** Section names are compared in lower case, except DEFAULT. */
export const sectionName = (name: string): string =>
  name === 'DEFAULT' ? name : name.toLowerCase()

/**
 * Splits a text into sections and options. It goes on after a problem, so that all problems are
 * reported at once.
 */
export function parseIni(text: string): IniFile {
  const reader: Reader = {
    sections: new Map(),
    earlier: new Map(),
    lines: new Map(),
    problems: [],
    line: 0,
    section: undefined,
    open: undefined,
  }
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  for (const [index, line] of lines.entries()) {
    reader.line = index + 1
    const problem = readLine(reader, line.trimEnd())
    if (problem !== undefined) reader.problems.push(`line ${reader.line}: ${problem}`)
  }
  return reader
}

function readLine(reader: Reader, line: string): string | undefined {
  if (/^[ \t]/.test(line)) return continueValue(reader, line.trimStart())
  reader.open = undefined
  if (line === '' || line.startsWith('#') || line.startsWith(';')) return undefined
  return line.startsWith('[') ? openSection(reader, line) : assign(reader, line)
}

function continueValue({ section, open }: Reader, line: string): string | undefined {
  if (section === undefined || open === undefined) {
    return 'an indented line continues a value, and there is none'
  }
  section.options.set(open, `${section.options.get(open) ?? ''}\n${line}`)
  return undefined
}

function openSection(reader: Reader, line: string): string | undefined {
  const name = /^\[(.+)\]$/.exec(line)?.[1]
  if (name === undefined) return 'a section must read [name]'
  const key = sectionName(name)
  const options = reader.sections.get(key) ?? new Map<string, string>()
  reader.section = { name: key, options }
  reader.sections.set(key, options)
  return undefined
}

function assign(reader: Reader, line: string): string | undefined {
  const [name, value] = splitAssignment(line)
  if (name === '') return 'expected option = value'
  if (reader.section === undefined) return 'an option before the first [section]'
  const { name: section, options } = reader.section
  const before = options.get(name)
  const key = `${section}.${name}`
  reader.lines.set(key, reader.line)
  if (before !== undefined) {
    reader.earlier.set(key, [...(reader.earlier.get(key) ?? []), before])
  }
  options.set(name, value)
  reader.open = name
  return undefined
}

/**
 * Splits at the first `=` or `:`. One pair of quotes around the whole value is removed. An empty
 * name means that the line is not an assignment.
 */
function splitAssignment(line: string): readonly [name: string, value: string] {
  const at = line.search(/[=:]/)
  if (at === -1) return ['', '']
  const value = line.slice(at + 1).trim()
  const quoted = /^(["'])(.*)\1$/.exec(value)
  return [line.slice(0, at).trim(), quoted?.[2] ?? value]
}
