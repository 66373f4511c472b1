/** Which options a host's settings may give to a fence agent: one line of its input each, and none that changes the order. */

const NAME = /^[a-z][a-z0-9_-]{0,63}$/
/** Far above any password or path. */
const VALUE_CHARACTERS_MAX = 1024
/** Whatever some reader of lines takes for the end of one, and what ends a text in C. */
const BREAKS_LINES = /[\p{Cc}\p{Zl}\p{Zp}]/u
const OPTIONS_MAX = 64

/** Options that agents know under two names; an agent takes the one that it reads last. */
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

/** Why nobody may choose these. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['action', 'the fence alone says what the agent does'],
  ['nodename', 'the fence alone says which host it is'],
  ['help', 'the agent would show its help and do nothing'],
  ['version', 'the agent would show its version and do nothing'],
  ['missing_as_off', 'a plug that does not exist would read as off'],
  ['debug_file', 'the agent would write passwords to a file'],
  ['ssh_options', 'ssh could be told to run any program'],
])

/** `password_script`, `telnet_path`: programs that would run with the rights of this service. */
const NAMES_A_PROGRAM = /_(?:script|path)$/

/** What is wrong with the options of one agent, a sentence each that begins with the option; none can be used then. */
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

/** Agents take - and _ for the same. */
function oneNameOf(name: string): string {
  const plain = name.replaceAll('-', '_')
  return OTHER_NAMES.get(plain) ?? plain
}

const shown = (name: string): string =>
  name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, 64) || '(no name)'
