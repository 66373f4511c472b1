/** What is wrong with a command line, in one sentence that says how to mend it. */
import type { Command } from 'commander'
import { adviceFor } from '../../schema/nearest-name.ts'
import { harmless } from '../tap/harmless.ts'

/** The parser's words, and ours for the same mistake. */
const WORDINGS: readonly (readonly [pattern: RegExp, ours: string])[] = [
  [/^unknown (option|command) '(.*)'$/s, "there is no $1 '$2'"],
  [/^required option '(\S+) <(.*)>' not specified$/s, '$1 $2 is missing'],
  [/^missing required argument '(.*)'$/s, '$1 is missing'],
  [/^option '(\S+) <(.*)>' argument missing$/s, '$1 needs a value: $1 $2'],
  [
    /^option '(\S+) <.*>' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s,
    "$1 '$2' cannot be used: it is one of $3",
  ],
  [/^option '(\S+) <.*>' argument '(.*)' is invalid\. (.*)\.$/s, "$1 '$2' cannot be used: $3"],
  [
    /^command-argument value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\.$/s,
    "$2 '$1' cannot be used: it is one of $3",
  ],
  [
    /^too many arguments.* Expected (\d+ arguments?) but got (\d+): (.*)\.$/s,
    'it takes $1, and these are $2: $3',
  ],
]

/** The sentence about a mistake that the parser found at a command. */
export function mistakeAt(command: Command, text: string): string {
  const theirs = text.replace(/^error: /, '').trim()
  const wording = WORDINGS.find(([pattern]) => pattern.test(theirs))
  const ours = wording === undefined ? theirs : theirs.replace(...wording)
  const path = pathOf(command)
  const where = `(see ${path} --help)`
  return `${path}: ${harmless(ours.replaceAll(/\s+/g, ' '))}${adviceAt(command, theirs)} ${where}\n`
}

function adviceAt(command: Command, mistake: string): string {
  const [, what, name = ''] = /^unknown (option|command) '(.*)'$/s.exec(mistake) ?? []
  if (what === undefined) return ''
  const help = command.createHelp()
  const known =
    what === 'option'
      ? help.visibleOptions(command).flatMap(({ long }) => long ?? [])
      : help.visibleCommands(command).map((each) => each.name())
  return `; ${adviceFor(name, known)}`
}

/** The words that lead to a command: `instance-ha segment list`. */
function pathOf(command: Command): string {
  const { parent } = command
  return parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`
}
