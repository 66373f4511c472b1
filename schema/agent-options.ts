/**
 * Checks the options that a host's settings give to a fence agent. Each option becomes one line of
 * the agent's input, and none may change what the agent is ordered to do.
 */

const NAME = /^[a-z][a-z0-9_-]{0,63}$/
/** Far longer than any password or path. */
const VALUE_CHARACTERS_MAX = 1024
/** Characters that end a line for some reader of lines, or that end a text in C. */
const BREAKS_LINES = /[\p{Cc}\p{Zl}\p{Zp}]/u
const OPTIONS_MAX = 64

/** Options that agents know under two names. An agent uses the one that it reads last. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['ipaddr', 'ip'],
  ['login', 'username'],
  ['passwd', 'password'],
  ['port', 'plug'],
  ['secure', 'ssh'],
  ['sudo', 'use_sudo'],
  ['debug', 'debug_file'],
  ['option', 'action'],
])

/** Options that settings may not give, each with the reason. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['action', 'only the fence decides what the agent does'],
  ['nodename', 'only the fence decides which host it is'],
  ['help', 'the agent would show its help and do nothing'],
  ['version', 'the agent would show its version and do nothing'],
  ['missing_as_off', 'a plug that does not exist would read as off'],
  ['debug_file', 'the agent would write passwords to a file'],
  ['ssh_options', 'ssh could be told to run any program'],
])

/**
 * `password_script`, `telnet_path`: the agent would run these programs with the rights of this
 * service.
 */
const NAMES_A_PROGRAM = /_(?:script|path)$/

/**
 * What is wrong with the options of one agent: one sentence each, which begins with the name of the
 * option. When there is a problem, none of the options is used.
 */
export function agentOptionProblems(
  options: Iterable<readonly [name: string, value: string]>,
): readonly string[] {
  const known = new Map<string, string>()
  const problems: string[] = []
  for (const [name, value] of options) {
    const problem = nameProblem(name, known) ?? valueProblem(value)
    if (problem !== undefined) problems.push(`${shown(name)}: ${problem}`)
    known.set(oneNameOf(name), name)
  }
  if (known.size > OPTIONS_MAX) problems.push(`options: must be ${OPTIONS_MAX} at most`)
  return problems
}

function nameProblem(name: string, known: ReadonlyMap<string, string>): string | undefined {
  if (!NAME.test(name)) return 'must be a name of small letters, digits, _ and -'
  const one = oneNameOf(name)
  const reserved = RESERVED.get(one)
  if (reserved !== undefined) return `must be left out: ${reserved}`
  if (NAMES_A_PROGRAM.test(one)) return 'must be left out: settings may not name programs to run'
  const other = known.get(one)
  return other === undefined ? undefined : `must be left out: it is the same option as ${other}`
}

function valueProblem(value: string): string | undefined {
  if (BREAKS_LINES.test(value)) return 'must be without line breaks and control characters'
  if (value.length > VALUE_CHARACTERS_MAX) {
    return `must have ${VALUE_CHARACTERS_MAX} characters at most`
  }
  return undefined
}

/** Agents treat - and _ in a name as the same character. */
function oneNameOf(name: string): string {
  const plain = name.replaceAll('-', '_')
  return OTHER_NAMES.get(plain) ?? plain
}

const shown = (name: string): string =>
  name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, 64) || '(no name)'
