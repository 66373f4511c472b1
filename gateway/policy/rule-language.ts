/** The language of `policy.yaml` (oslo.policy): `role:`, `rule:`, `is_admin:`, matches, `and`, `or`, `not`, `@`, `!`. */
import { CodedError } from '../../schema/errors.ts'

/** One parsed rule. */
export type Check =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly check: Check }
  | { readonly kind: 'every' | 'some'; readonly checks: readonly Check[] }
  | { readonly kind: 'rule'; readonly name: string }
  | { readonly kind: 'role'; readonly name: Operand }
  | { readonly kind: 'match'; readonly left: Operand; readonly right: Operand }

/** One side of a match: a text, or a field of the caller or of the target of the request. */
export type Operand =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'caller'; readonly name: CallerField }
  | { readonly kind: 'target'; readonly name: TargetField }

const CALLER_FIELDS = ['user_id', 'project_id', 'tenant_id', 'system_scope', 'is_admin'] as const
const TARGET_FIELDS = ['user_id', 'project_id', 'service_project_id'] as const
/** What is known of the caller. */
export type CallerField = (typeof CALLER_FIELDS)[number]
/**
 * What is known of the target of a request. All targets belong to the caller, since this API stores
 * nothing that belongs to other users; the exception is the project of the service.
 */
export type TargetField = (typeof TARGET_FIELDS)[number]

/**
 * Reads one rule: a text, or the older form of nested lists. CONFIG_INVALID says what is wrong in
 * it.
 */
export function parseRule(rule: unknown): Check {
  if (typeof rule === 'string') return rule.trim() === '' ? ALWAYS : parseText(rule)
  if (!Array.isArray(rule)) throw wrong('it is neither a text nor a list')
  if (rule.length === 0) return ALWAYS
  const alternatives: readonly unknown[] = rule
  return {
    kind: 'some',
    checks: alternatives.map((part) => ({
      kind: 'every',
      checks: [part].flat().map((check) => parseCheck(String(check))),
    })),
  }
}

const ALWAYS: Check = { kind: 'constant', value: true }
const NEVER: Check = { kind: 'constant', value: false }

const wrong = (text: string): CodedError => new CodedError('CONFIG_INVALID', text)

/**
 * Blanks separate words. A bracket counts only at the start or end of a word, because `%(name)s`
 * contains brackets.
 */
function wordsOf(text: string): readonly string[] {
  return text
    .trim()
    .split(/\s+/)
    .flatMap((word) => {
      const [, opening = '', middle = '', closing = ''] = /^(\(*)(.*?)(\)*)$/s.exec(word) ?? []
      return [opening.split(''), middle === '' ? [] : middle, closing.split('')].flat()
    })
}

/** Rules are evaluated at every request, recursively. */
const DEPTH_MAX = 32

/** The words of a rule, read one after the other. */
class Words {
  readonly #words: readonly string[]
  #next = 0
  #depth = 0

  constructor(text: string) {
    this.#words = wordsOf(text)
  }

  /** Skips the next word if it is this one. */
  take(word: string): boolean {
    if (this.#words[this.#next]?.toLowerCase() !== word) return false
    this.#next += 1
    return true
  }

  /** Reads what is inside a bracket, or after a `not`. */
  inside(read: (words: Words) => Check): Check {
    this.#depth += 1
    if (this.#depth > DEPTH_MAX) throw wrong(`it is nested deeper than ${DEPTH_MAX} levels`)
    const check = read(this)
    this.#depth -= 1
    return check
  }

  shift(): string | undefined {
    this.#next += 1
    return this.#words[this.#next - 1]
  }
}

function parseText(text: string): Check {
  const words = new Words(text)
  const check = parseAlternatives(words)
  const rest = words.shift()
  if (rest !== undefined) throw wrong(`there is "${rest}" where "and" or "or" was expected`)
  return check
}

function parseAlternatives(words: Words): Check {
  const checks = [parseConjunction(words)]
  while (words.take('or')) checks.push(parseConjunction(words))
  return { kind: 'some', checks }
}

function parseConjunction(words: Words): Check {
  const checks = [parseOne(words)]
  while (words.take('and')) checks.push(parseOne(words))
  return { kind: 'every', checks }
}

function parseOne(words: Words): Check {
  if (words.take('not')) return { kind: 'not', check: words.inside(parseOne) }
  if (words.take('(')) {
    const inner = words.inside(parseAlternatives)
    if (!words.take(')')) throw wrong('a bracket is not closed')
    return inner
  }
  const word = words.shift()
  if (word === undefined) throw wrong('it ends where a check was expected')
  return parseCheck(word)
}

function parseCheck(word: string): Check {
  if (word === '@') return ALWAYS
  if (word === '!') return NEVER
  const colon = word.indexOf(':')
  if (colon < 1) throw wrong(`"${word}" is not a check`)
  const kind = word.slice(0, colon)
  const match = word.slice(colon + 1)
  if (kind === 'rule') return { kind: 'rule', name: match }
  if (kind === 'role') return { kind: 'role', name: targetOf(match) }
  return { kind: 'match', left: callerOf(kind), right: targetOf(match) }
}

const isOneOf = <Word extends string>(words: readonly Word[], text: string): text is Word =>
  words.some((word) => word === text)

function callerOf(text: string): Operand {
  const quoted = /^'(.*)'$|^"(.*)"$/s.exec(text)
  if (quoted !== null) return { kind: 'text', text: quoted[1] ?? quoted[2] ?? '' }
  if (/^(True|False|None|-?\d+)$/.test(text)) return { kind: 'text', text }
  if (isOneOf(CALLER_FIELDS, text)) return { kind: 'caller', name: text }
  throw wrong(
    `"${text}:" is neither one of role:, rule:, ${CALLER_FIELDS.join(':, ')}: nor a literal`,
  )
}

function targetOf(text: string): Operand {
  const [, name] = /^%\((.*)\)s$/s.exec(text) ?? []
  if (name === undefined) return { kind: 'text', text }
  if (isOneOf(TARGET_FIELDS, name)) return { kind: 'target', name }
  throw wrong(`"${text}" is unknown: a request has only ${TARGET_FIELDS.join(', ')}`)
}
