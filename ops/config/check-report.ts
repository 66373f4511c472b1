/**
 * What `config check` says about a configuration that can be used: what differs from the defaults,
 * which secrets its roles need and have, and what a running process takes at SIGHUP. Pure.
 */
import type { Config } from '../../schema/config.ts'
import type { Option } from '../../schema/config/option.ts'
import { SECRETS, useOf, type SecretName } from '../../schema/config/role-needs.ts'
import { isTakenAtReload } from '../../schema/config/secret-files.ts'
import type { GivenOption } from '../load-config.ts'
import { inBrackets } from './read-option.ts'

/** One option that differs from its default. */
interface ReportedOption {
  readonly option: string
  /** As the operator wrote it; `(secret)` for a secret, the path for a file with one. */
  readonly value: string
  readonly from: string | null
  /** What makes a running process take a change. */
  readonly change: 'SIGHUP' | 'SIGHUP (its password)' | 'restart'
}

/** One secret and how the roles of this process use it. */
interface ReportedSecret {
  readonly secret: string
  readonly options: readonly string[]
  /** `unused`: it is given, and no role uses it. */
  readonly use: 'needed' | 'optional' | 'unused'
  readonly given: boolean
}

export interface CheckReport {
  readonly roles: readonly string[]
  readonly options: readonly ReportedOption[]
  readonly secrets: readonly ReportedSecret[]
  readonly warnings: readonly string[]
}

/** The report about a configuration that was loaded. */
export function checkReport(
  config: Config,
  given: readonly GivenOption[],
  warnings: readonly string[],
): CheckReport {
  const { roles } = config.node
  return {
    roles,
    options: given.map(({ name, value, from, option }) => ({
      option: inBrackets(name),
      value,
      from: from ?? null,
      change: changeOf(option),
    })),
    secrets: secretNames().flatMap((name) => {
      const isGiven = SECRETS[name].isGiven(config)
      const use = useOf(name, roles) ?? (isGiven ? 'unused' : undefined)
      const options = SECRETS[name].options.map(inBrackets)
      return use === undefined ? [] : [{ secret: name, options, use, given: isGiven }]
    }),
    warnings,
  }
}

function changeOf(option: Option): ReportedOption['change'] {
  if (!isTakenAtReload(option)) return 'restart'
  return option.kind === 'store' || option.kind === 'amqp' ? 'SIGHUP (its password)' : 'SIGHUP'
}

const secretNames = (): readonly SecretName[] => Object.keys(SECRETS) as SecretName[] // safe: they are its keys

/** The report for a terminal. */
export function describeReport({ roles, options, secrets, warnings }: CheckReport): string {
  const rows = options.map((each) => [each.option, each.value, each.change, each.from ?? ''])
  const uses = secrets.map(({ secret, use, given, options: by }) => [
    secret,
    use,
    given ? 'given' : use === 'needed' ? 'default' : 'not given',
    by.join(', '),
  ])
  return [
    `The configuration can be used. Roles: ${roles.join(', ')}.`,
    '',
    'What differs from the defaults:',
    ...table(['option', 'value', 'a change needs', 'from'], rows),
    '',
    'Secrets of these roles:',
    ...table(['secret', 'use', 'here', 'options'], uses),
    '',
    'SIGHUP makes a running process read everything again. It also takes changed policy files.',
    ...warnings.map((warning) => `warning: ${warning}`),
    '',
  ].join('\n')
}

/** Aligned columns; a value of several lines is shown in one. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('\n', ' ')))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
}
