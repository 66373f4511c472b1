/** Scripts that complete the words of the command line. They know all words, so they need not start us. */
import type { Option } from 'commander'
import { buildProgram, PROGRAM } from './program.ts'

/** A word that may come next, and what it is. */
interface Word {
  readonly word: string
  readonly about: string
}

/** What may follow the words `at`, such as `segment list`. */
interface Place {
  readonly at: string
  /** Words that lead to a place of their own. */
  readonly verbs: readonly Word[]
  readonly options: readonly Word[]
  /** The allowed texts of the arguments. */
  readonly choices: readonly Word[]
  /** Options whose value follows: the allowed values, or undefined for a path or any text. */
  readonly valued: readonly { readonly option: string; readonly values: Values }[]
}
type Values =
  { readonly kind: 'words'; readonly words: readonly string[] } | { readonly kind: 'path' | 'text' }

type Program = ReturnType<typeof buildProgram>

function placesOf(command: Program, at = ''): readonly Place[] {
  const options = command.createHelp().visibleOptions(command)
  const verbs = command.createHelp().visibleCommands(command)
  const place: Place = {
    at,
    verbs: verbs.map((each) => ({
      word: each.name(),
      about: each.summary() || each.description(),
    })),
    options: options.map(({ long, description }) => ({ word: long ?? '', about: description })),
    choices: command.registeredArguments.flatMap(({ argChoices = [], description }) =>
      argChoices.map((word) => ({ word, about: description })),
    ),
    valued: options
      .filter((option) => option.required)
      .map((option) => ({ option: option.long ?? '', values: valuesOf(option) })),
  }
  const inner = command.commands.flatMap((each) =>
    placesOf(each, at === '' ? each.name() : `${at} ${each.name()}`),
  )
  return [place, ...inner]
}

function valuesOf({ argChoices, flags }: Option): Values {
  if (argChoices !== undefined) return { kind: 'words', words: argChoices }
  return { kind: /<(?:FILE|DIRECTORY)>/.test(flags) ? 'path' : 'text' }
}

/** The lines of `case` that walk from word to word. */
const steps = (places: readonly Place[]): string =>
  places
    .filter(({ at }) => at !== '')
    .map(({ at }) => `'${at.replace(/ ?(\S+)$/, '/$1')}'`)
    .join(' | ')

const namesOf = (words: readonly Word[]): string => words.map(({ word }) => word).join(' ')

/** The lines of `case` for options whose value follows. */
const valueLines = (
  places: readonly Place[],
  lineOf: (values: Values) => string,
): readonly string[] =>
  places.flatMap(({ at, valued }) =>
    valued.map(({ option, values }) => `    '${at}:${option}') ${lineOf(values)}; return ;;`),
  )

/** The script for bash 4.4 or later. */
export function bashScript(): string {
  const places = placesOf(buildProgram())
  const values = valueLines(places, (values) =>
    values.kind === 'words'
      ? `COMPREPLY=($(compgen -W '${values.words.join(' ')}' -- "$current"))`
      : values.kind === 'path'
        ? 'compopt -o default'
        : ':',
  )
  const words = places.map(
    ({ at, verbs, choices, options }) =>
      `    '${at}') words='${namesOf([...verbs, ...choices, ...options])}' ;;`,
  )
  return `# Completion of ${PROGRAM} for bash: source <(${PROGRAM} completion bash)
_instance_ha() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} at='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at/$word" in
      ${steps(places)}) at=\${at:+$at }$word ;;
    esac
  done
  COMPREPLY=()
  case "$at:$previous" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _instance_ha ${PROGRAM}
`
}

/** The script for zsh, as a file of its function path or to be sourced. */
export function zshScript(): string {
  const places = placesOf(buildProgram())
  const values = valueLines(places, (values) =>
    values.kind === 'words'
      ? `compadd -- ${values.words.join(' ')}`
      : values.kind === 'path'
        ? '_files'
        : '_message value',
  )
  const words = places.map(
    ({ at, verbs, choices, options }) =>
      `    '${at}') verbs=(${described([...verbs, ...choices])}) options=(${described(options)}) ;;`,
  )
  return `#compdef ${PROGRAM}
# Completion of ${PROGRAM} for zsh: source <(${PROGRAM} completion zsh)
_instance_ha() {
  local at='' word previous=\${words[CURRENT - 1]}
  local -a before=("\${(@)words[2, CURRENT - 1]}") verbs options
  for word in "\${before[@]}"; do
    case "$at/$word" in
      ${steps(places)}) at=\${at:+$at }$word ;;
    esac
  done
  case "$at:$previous" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac
  _describe -t verbs verb verbs
  _describe -o -t options option options
}
if [ "\${funcstack[1]:-}" = _instance_ha ]; then _instance_ha "$@"; else compdef _instance_ha ${PROGRAM}; fi
`
}

/** The words of a list of zsh's _describe. */
const described = (words: readonly Word[]): string =>
  words.map(({ word, about }) => quoted(`${word}:${about}`)).join(' ')

/** In single quotes for a shell; a colon in the description needs no escape, one in the word would. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
