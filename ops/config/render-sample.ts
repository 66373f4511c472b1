/**
 * Writes the commented sample file from the declarations of the options, so that the two always
 * agree.
 */
import { OPTIONS } from '../../schema/config.ts'
import type { Option } from '../../schema/config/option.ts'
import { fileTwin, holdsSecret, isTakenAtReload } from '../../schema/config/secret-files.ts'
import { SUPERSEDED } from '../../schema/config/superseded.ts'
import { allowedText } from './read-value.ts'

const WIDTH = 96

const HEAD = `# instance-ha: every option with its meaning and default. Usual place: /etc/xavs/instance-ha/instance-ha.conf
#
# The format is that of oslo.config: [section], option = value. A line that starts with # or ; is a comment;
# inside a value both are ordinary characters. $other refers to another option, $$ is a dollar sign. When an option is
# repeated, the last line counts. An indented line continues the one before. Durations are seconds, with fractions.
# An existing masakari.conf can be used without changes. The log at the start names every option that has no effect.
# When a value cannot be understood, the process does not start. The same holds for an unknown option in a section that
# Masakari does not have ([bus], [lease], [fence], ...).
#
# Files *.conf in the folder instance-ha.conf.d beside this file are read after it, in the order of their names, and then
# the environment: INSTANCE_HA_<SECTION>__<OPTION>, for example INSTANCE_HA_DATABASE__CONNECTION. What is read last counts.
# Each password, token and URL with a password may be in a file of its own: the option with _file at the end of its name,
# for example password_file, names that file. SIGHUP makes a running process read all of it again; "At SIGHUP" below says
# what it then takes. The command "config check" shows what differs from the defaults, and where it is set.
`

/** The text of `ops/instance-ha.conf.sample`. */
export function renderSample(): string {
  const sections = new Map<string, string[]>()
  for (const options of Object.values<Readonly<Record<string, Option>>>(OPTIONS)) {
    for (const option of Object.values(options)) {
      const [section, name] = split(option.names[0])
      const entries = sections.get(section) ?? []
      entries.push(renderOption(name, option))
      sections.set(section, entries)
    }
  }
  const body = [...sections].map(([section, entries]) => `[${section}]\n\n${entries.join('\n')}`)
  return [HEAD, ...body, renderSuperseded()].join('\n')
}

function renderOption(name: string, option: Option): string {
  const others = option.names.slice(1).map((each) => `[${split(each)[0]}] ${split(each)[1]}`)
  const sentences = [
    option.meaning,
    `Allowed: ${allowedText(option)}.`,
    option.low === undefined ? '' : `Too low: ${option.low}.`,
    option.high === undefined ? '' : `Too high: ${option.high}.`,
    option.embedded === undefined ? '' : `Without a configuration file: ${option.embedded}.`,
    holdsSecret(option) ? `Or ${fileTwin(name)}: a file with it.` : '',
    takenText(option),
    others.length === 0 ? '' : `Also read from ${others.join(' and ')}.`,
  ]
  const comment = sentences.filter((sentence) => sentence !== '').flatMap(wrap)
  return [...comment, `#${name} = ${option.default ?? ''}`.trimEnd(), ''].join('\n')
}

function takenText(option: Option): string {
  if (!isTakenAtReload(option)) return ''
  if (!holdsSecret(option)) return 'At SIGHUP: a change is taken.'
  return option.kind === 'secret'
    ? 'At SIGHUP: a changed value is taken.'
    : 'At SIGHUP: a changed password is taken.'
}

function renderSuperseded(): string {
  const lines = Object.entries(SUPERSEDED).flatMap(([name, instead]) =>
    wrap(`[${split(name)[0]}] ${split(name)[1]}: ${instead}.`),
  )
  return [
    '# Options of Masakari that are accepted and have no effect. ops/docs/masakari-options.md also lists those of its libraries:',
    ...lines,
    '',
  ].join('\n')
}

function split(name: string): readonly [section: string, option: string] {
  const dot = name.indexOf('.')
  return [name.slice(0, dot), name.slice(dot + 1)]
}

function wrap(sentence: string): readonly string[] {
  const lines: string[] = []
  let line = '#'
  for (const word of sentence.split(' ')) {
    if (line.length + word.length >= WIDTH) {
      lines.push(line)
      line = '#'
    }
    line += ` ${word}`
  }
  return [...lines, line]
}
