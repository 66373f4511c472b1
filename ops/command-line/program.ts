/** Builds the parser from the declared verbs, and reads a command line with it. */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import packageFile from '../../package.json' with { type: 'json' }
import { mistakeAt } from './mistakes.ts'
import type { ArgumentSpec, OptionSpec, Verb, VerbGroup } from './verb.ts'
import { NOUNS, VERB_GROUPS } from './verbs.ts'

export const PROGRAM = 'instance-ha'

/** Exit status of a wrong use. */
const WRONG_USE = 2

/** What the user asked for. */
export type Request =
  | {
      readonly kind: 'verb'
      readonly verb: Verb
      readonly given: Readonly<Record<string, unknown>>
    }
  /** The parser has answered already: help, the version, or what is wrong. */
  | { readonly kind: 'answered'; readonly status: number }

/** Reads the words after the name of the program. */
export async function readCommandLine(words: readonly string[]): Promise<Request> {
  let chosen: Request | undefined
  const program = buildProgram((verb, given) => {
    chosen = { kind: 'verb', verb, given }
  })
  try {
    await program.parseAsync([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return { kind: 'answered', status: error.exitCode === 0 ? 0 : WRONG_USE }
  }
  return chosen ?? { kind: 'answered', status: WRONG_USE }
}

type OnChosen = (verb: Verb, given: Readonly<Record<string, unknown>>) => void

/** The parser with all verbs. */
export function buildProgram(onChosen: OnChosen = () => undefined): Command {
  const program = new Command(PROGRAM)
  prepare(program)
  program
    .description('Keeps virtual machines running when a host, a guest or a compute service dies.')
    .version(`${PROGRAM} ${packageFile.version}`, '--version', 'print the version')
    .commandsGroup('Other:')
    .helpCommand('help [VERB]', 'explain a verb')
    .usage('VERB [options]')
    .helpOption('-h, --help', 'explain the command or one of its verbs')
    .addHelpText(
      'after',
      `\n'${PROGRAM} VERB --help' explains a verb. Exit status: 0 done, 1 failed, 2 wrong use.`,
    )
  for (const group of VERB_GROUPS) addGroup(program, group, onChosen)
  return program
}

function addGroup(program: Command, { title, verbs }: VerbGroup, onChosen: OnChosen): void {
  for (const [words, verb] of Object.entries(verbs)) {
    const [first = '', second] = words.split(' ')
    if (second === undefined) addVerb(program, first, verb, onChosen).helpGroup(title)
    else addVerb(nounOf(program, first, title), second, verb, onChosen)
  }
}

/** The command of a noun, such as `segment`, to which its verbs are added. */
function nounOf(program: Command, noun: string, title: string): Command {
  const known = program.commands.find((command) => command.name() === noun)
  if (known !== undefined) return known
  const about = NOUNS[noun] ?? ''
  const command = program.command(noun).summary(about).description(sentence(about)).helpGroup(title)
  prepare(command)
  return command
    .usage('VERB [options]')
    .helpCommand(false)
    .helpOption('-h, --help', 'explain these verbs')
}

function addVerb(parent: Command, name: string, verb: Verb, onChosen: OnChosen): Command {
  const command = parent.command(name)
  prepare(command)
  command
    .summary(verb.about)
    .description(`${sentence(verb.about)}${verb.more === undefined ? '' : `\n\n${verb.more}`}`)
    .helpOption('-h, --help', 'explain this verb')
    .addHelpText('after', closingOf(verb))
  const names = Object.keys(verb.arguments)
  for (const [key, spec] of Object.entries(verb.arguments)) {
    command.addArgument(argumentOf(key, spec))
  }
  for (const [key, spec] of Object.entries(verb.options)) command.addOption(optionOf(key, spec))
  return command.action((...taken: unknown[]) => {
    const values = command.opts<Record<string, unknown>>()
    const options = Object.entries(verb.options).map(
      ([key, { kind }]) => [key, values[camel(key)] ?? UNSAID[kind]] as const,
    )
    const positional = names.map((key, index) => [key, taken[index]] as const)
    onChosen(verb, Object.fromEntries([...options, ...positional]))
  })
}

/** The value of an option that was not given. */
const UNSAID = { flag: false, list: [], text: undefined, whole: undefined } as const

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** Examples and exit statuses, after the options. */
function closingOf({ examples, statuses }: Verb): string {
  const lines = Object.entries({ 2: 'wrong use', ...statuses }).map(([status, text]) =>
    status === '2' && text !== 'wrong use' ? `  2  wrong use, or ${text}` : `  ${status}  ${text}`,
  )
  return [
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((example) => `  ${PROGRAM} ${example}`),
    '',
    'Exit status:',
    ...lines,
  ].join('\n')
}

function argumentOf(key: string, { shape, help, choices }: ArgumentSpec): Argument {
  const name = `${key.toUpperCase()}${shape === 'any' || shape === 'some' ? '...' : ''}`
  const isNeeded = shape === 'one' || shape === 'some'
  const argument = new Argument(isNeeded ? `<${name}>` : `[${name}]`, help)
  return choices === undefined ? argument : argument.choices(choices)
}

function optionOf(key: string, spec: OptionSpec): Option {
  const { kind, value = 'TEXT', help, choices, required } = spec
  const shown = required === true ? `${help} (required)` : help
  const option = new Option(kind === 'flag' ? `--${key}` : `--${key} <${value}>`, shown)
  if (choices !== undefined) option.choices(choices)
  if (kind === 'whole') option.argParser((text: string) => wholeOf(text, spec))
  if (kind === 'list') {
    option.argParser((text: string, before: readonly string[] | undefined) => [
      ...(before ?? []),
      text,
    ])
  }
  return required === true ? option.makeOptionMandatory() : option
}

function wholeOf(text: string, { least = 0, most = 1_000_000_000 }: OptionSpec): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  throw new InvalidArgumentError(`it takes a whole number from ${least} to ${most}.`)
}

/** `age-in-days` as the parser names its value. */
const camel = (name: string): string =>
  name.replaceAll(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase())

/** A verb in the list of all: with its arguments, or, for a noun, with its verbs. */
const termOf = (command: Command): string =>
  command.commands.length > 0
    ? `${command.name()} ${command.commands.map((each) => each.name()).join('|')}`
    : [
        command.name(),
        ...command.registeredArguments.map((argument) =>
          argument.required ? argument.name() : `[${argument.name()}]`,
        ),
      ].join(' ')

/** What holds for the program and for each verb: a mistake is one sentence, and nothing exits by itself. */
function prepare(command: Command): void {
  command
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureHelp({
      subcommandTerm: termOf,
      styleTitle: (title) => `\u001B[1m${title}\u001B[22m`,
    })
    .configureOutput({
      outputError: (text, write) => write(mistakeAt(command, text)),
    })
}
