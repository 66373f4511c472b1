/**
 * Decides who may do what, by the default rules and an operator's changes. The rules are checked
 * once, at the start.
 */
import type { Caller } from '../../actors/ports/identity.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import { nearestName } from '../../schema/nearest-name.ts'
import {
  parseRule,
  type CallerField,
  type Check,
  type Operand,
  type TargetField,
} from './rule-language.ts'

const API = 'os_masakari_api:'

const SHARED = {
  context_is_admin: 'role:admin',
  admin_api: 'is_admin:True',
  // In a cloud where Keystone's role member implies reader, every user has the role reader in their
  // own project. Therefore the role alone is not enough.
  reader_api:
    'rule:admin_api or (role:reader and (system_scope:all or project_id:%(service_project_id)s))',
  member_api: 'rule:reader_api or role:member or role:reader',
  reporter_api: 'rule:admin_api or role:reporter',
  project_api: 'rule:admin_api or project_id:%(project_id)s',
}

const ACTIONS = {
  'versions:index': '@',
  'versions:discoverable': '@',
  'segments:index': 'rule:member_api',
  'segments:detail': 'rule:member_api',
  'segments:create': 'rule:admin_api',
  'segments:update': 'rule:admin_api',
  'segments:delete': 'rule:admin_api',
  'segments:policy': 'rule:reader_api',
  'segments:set-policy': 'rule:admin_api',
  'segments:discoverable': 'rule:reader_api',
  'os-hosts:index': 'rule:reader_api',
  'os-hosts:detail': 'rule:reader_api',
  'os-hosts:plan': 'rule:reader_api',
  'os-hosts:create': 'rule:admin_api',
  'os-hosts:update': 'rule:admin_api',
  'os-hosts:delete': 'rule:admin_api',
  'os-hosts:discoverable': 'rule:reader_api',
  'notifications:index': 'rule:member_api',
  'notifications:detail': 'rule:member_api',
  'notifications:create': 'rule:reporter_api',
  'notifications:all-projects': 'rule:reader_api',
  'notifications:evidence': 'rule:reader_api',
  'notifications:commands': 'rule:admin_api',
  'notifications:command': 'rule:admin_api',
  'notifications:discoverable': 'rule:reader_api',
  'vmoves:index': 'rule:member_api',
  'vmoves:detail': 'rule:member_api',
  'vmoves:discoverable': 'rule:reader_api',
  'instances:index': 'rule:project_api',
  'instances:events': 'rule:project_api',
  'instances:detail': 'rule:project_api',
  'instances:moves': 'rule:project_api',
  'events:index': 'rule:reader_api',
  'commands:index': 'rule:admin_api',
  'commands:give': 'rule:admin_api',
  'extensions:index': 'rule:reader_api',
  'extensions:detail': 'rule:reader_api',
  'extensions:discoverable': 'rule:reader_api',
  'supervisors:index': 'rule:reader_api',
} as const satisfies Record<string, string>

/** Name of an action, without the prefix `os_masakari_api:`. */
export type Action = keyof typeof ACTIONS

/** Every action that a route may require. */
export const ACTION_NAMES = Object.keys(ACTIONS) as readonly Action[]

/** Decides what callers may do. */
export interface Policy {
  allows(action: Action, caller: Caller): boolean
  /** True for administrators: callers for whom the rule context_is_admin holds. */
  isAdmin(caller: Caller): boolean
}

/** A policy that can be replaced while requests are served. */
export interface ReplaceablePolicy extends Policy {
  replaceBy(next: Policy): void
}

/** Answers as the latest policy does. */
export function replaceablePolicy(first: Policy): ReplaceablePolicy {
  let current = first
  return {
    allows: (action, caller) => current.allows(action, caller),
    isAdmin: (caller) => current.isAdmin(caller),
    replaceBy: (next) => {
      current = next
    },
  }
}

/**
 * The policy in which an operator's rules replace the defaults with the same names. CONFIG_INVALID
 * names the bad rule.
 */
export function compilePolicy(changes: Readonly<Record<string, unknown>>): Policy {
  const defaults = Object.entries(ACTIONS).map(([action, rule]) => [API + action, rule] as const)
  const known = new Map<string, unknown>([...Object.entries(SHARED), ...defaults])
  const unknown = Object.keys(changes).find((name) => name.startsWith(API) && !known.has(name))
  // An unknown rule protects nothing, but its author would believe that it does.
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, known.keys())
    const meant = nearest === undefined ? '' : `; did you mean ${nearest}?`
    throw refused(unknown, `this API has no such rule${meant}`)
  }
  const rules = new Map(
    [...known, ...Object.entries(changes)].map(([name, rule]) => [name, parsed(name, rule)]),
  )
  for (const name of rules.keys()) requireAnEnd(rules, name, [])
  const evaluate = (name: string, caller: Caller): boolean => holds(named(rules, name), caller)
  const holds = (check: Check, caller: Caller): boolean => {
    switch (check.kind) {
      case 'constant':
        return check.value
      case 'not':
        return !holds(check.check, caller)
      case 'every':
        return check.checks.every((each) => holds(each, caller))
      case 'some':
        return check.checks.some((each) => holds(each, caller))
      case 'rule':
        return evaluate(check.name, caller)
      case 'role':
        return hasRole(caller, valueOf(check.name, caller))
      default:
        return matches(check, caller)
    }
  }
  const isAdmin = (caller: Caller): boolean => evaluate('context_is_admin', caller)
  const valueOf = (operand: Operand, caller: Caller): string | undefined =>
    operand.kind === 'text' ? operand.text : fieldOf(caller, operand.name, isAdmin)
  const matches = (check: Check & { readonly kind: 'match' }, caller: Caller): boolean => {
    const left = valueOf(check.left, caller)
    return left !== undefined && left === valueOf(check.right, caller)
  }
  return { allows: (action, caller) => evaluate(API + action, caller), isAdmin }
}

type Rules = ReadonlyMap<string, Check>

const refused = (name: string, text: string): CodedError =>
  new CodedError(
    'CONFIG_INVALID',
    `the policy rule ${JSON.stringify(name)} cannot be used: ${text}`,
  )

function parsed(name: string, rule: unknown): Check {
  try {
    return parseRule(rule)
  } catch (error) {
    const text = error instanceof CodedError ? error.message : describeError(error)
    throw refused(name, text)
  }
}

function named(rules: Rules, name: string): Check {
  const rule = rules.get(name)
  if (rule === undefined) throw refused(name, 'it is not defined')
  return rule
}

/** The longest chain of rules that refer to each other. */
const CHAIN_MAX = 16

/**
 * Requires that every rule that this one refers to exists, and that none of them refers back to it.
 */
function requireAnEnd(rules: Rules, name: string, on: readonly string[]): void {
  if (on.length > CHAIN_MAX) throw refused(name, `it builds on more than ${CHAIN_MAX} rules`)
  if (on.includes(name)) throw refused(name, `it builds on itself: ${[...on, name].join(' → ')}`)
  for (const inner of foundations(named(rules, name))) requireAnEnd(rules, inner, [...on, name])
}

function foundations(check: Check): readonly string[] {
  switch (check.kind) {
    case 'rule':
      return [check.name]
    case 'not':
      return foundations(check.check)
    case 'every':
    case 'some':
      return check.checks.flatMap(foundations)
    case 'match':
      return check.left.kind === 'caller' && check.left.name === 'is_admin'
        ? ['context_is_admin']
        : []
    default:
      return []
  }
}

const hasRole = (caller: Caller, wanted: string | undefined): boolean =>
  caller.roles.some((role) => role.toLowerCase() === wanted?.toLowerCase())

function fieldOf(
  caller: Caller,
  name: CallerField | TargetField,
  isAdmin: (caller: Caller) => boolean,
): string | undefined {
  switch (name) {
    case 'user_id':
      return caller.userId
    case 'project_id':
    case 'tenant_id':
      return caller.projectId ?? undefined
    case 'service_project_id':
      return caller.serviceProjectId ?? undefined
    case 'system_scope':
      return caller.systemScope ? 'all' : undefined
    default:
      return isAdmin(caller) ? 'True' : 'False'
  }
}
