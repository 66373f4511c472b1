/**
 * Reads and writes a segment's policy in the form of the command line:
 * `fence=bmc:20,fence_apc:30,operator:3600 trust_reports=yes`.
 */
import { adviceFor } from '../../schema/nearest-name.ts'
import {
  policyProblem,
  rungTitle,
  type PolicyChoices,
  type Rung,
  type SegmentPolicy,
} from '../../schema/segment-policy.ts'

export type ParsedPolicy =
  | { readonly kind: 'ok'; readonly choices: PolicyChoices }
  | { readonly kind: 'problem'; readonly text: string }

interface Field {
  readonly key: keyof PolicyChoices
  /** Undefined when the text cannot be read. */
  readonly read: (text: string) => unknown
  readonly show: (policy: SegmentPolicy) => string
}

const YES_NO: Readonly<Record<string, boolean>> = { yes: true, no: false }

const readNumber = (text: string): number | undefined =>
  /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined

const FIELDS: Readonly<Record<string, Field>> = {
  fence: {
    key: 'rungs',
    read: (text) => text.split(',').map(readRung),
    show: ({ rungs }) => rungs.map((rung) => `${rungTitle(rung)}:${rung.limitMs / 1000}`).join(','),
  },
  trust_reports: {
    key: 'trustReports',
    read: (text) => YES_NO[text],
    show: ({ trustReports }) => (trustReports ? 'yes' : 'no'),
  },
  return: {
    key: 'returnToService',
    read: (text) => text,
    show: ({ returnToService }) => returnToService,
  },
  max_hosts: {
    key: 'hostsMax',
    read: readNumber,
    show: ({ hostsMax }) => String(hostsMax),
  },
  max_hosts_share: {
    key: 'shareMax',
    read: readNumber,
    show: ({ shareMax }) => String(shareMax),
  },
  rebuild_instances: {
    key: 'instanceRebuild',
    read: (text) => text,
    show: ({ instanceRebuild }) => instanceRebuild,
  },
  instance_disks: {
    key: 'instanceDisks',
    read: (text) => text,
    show: ({ instanceDisks }) => instanceDisks,
  },
  rebuild_local: {
    key: 'rebuildLocal',
    read: (text) => text,
    show: ({ rebuildLocal }) => rebuildLocal,
  },
  dead_domain: {
    key: 'deadDomain',
    read: (text) => text,
    show: ({ deadDomain }) => deadDomain,
  },
}

/** The choices after the words `name=value` were applied. The value `default` removes a choice. */
export function changePolicy(before: PolicyChoices, words: readonly string[]): ParsedPolicy {
  const choices: Record<string, unknown> = { ...before }
  for (const word of words) {
    const at = word.indexOf('=')
    const name = word.slice(0, Math.max(at, 0))
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined
    if (field === undefined) {
      const names = Object.keys(FIELDS)
      return {
        kind: 'problem',
        text: `${word}: there is no such choice; ${adviceFor(name || word, names)}`,
      }
    }
    const text = word.slice(at + 1)
    if (text === 'default') delete choices[field.key]
    else choices[field.key] = field.read(text) ?? text
    const problem = policyProblem(choices)
    if (problem !== undefined) return { kind: 'problem', text: `${word}: ${problem}` }
  }
  return { kind: 'ok', choices }
}

/** One line for each field; a value that was not chosen is marked as default. */
export function describePolicy(policy: SegmentPolicy, choices: PolicyChoices): string {
  const lines = Object.entries(FIELDS).map(([name, { key, show }]) => {
    const origin = choices[key] === undefined ? '  (default)' : ''
    return `${name}=${show(policy)}${origin}\n`
  })
  return lines.join('')
}

const PLAIN = ['bmc', 'redfish', 'ipmi', 'operator'] as const
const RUNG = /^(?:(bmc|redfish|ipmi|operator)|(fence_\w+)|command\/([\w-]+)):(\d+(?:\.\d+)?)$/

function readRung(text: string): Rung | string {
  const [, plain, agent, command, seconds] = RUNG.exec(text) ?? []
  const limitMs = Number(seconds) * 1000
  const kind = PLAIN.find((known) => known === plain)
  if (kind !== undefined) return { kind, limitMs }
  if (agent !== undefined) return { kind: 'agent', name: agent, limitMs }
  return command === undefined ? text : { kind: 'command', name: command, limitMs }
}
