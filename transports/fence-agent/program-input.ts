/** The standard input of a program: one `key=value` in each line. */
import type { FenceProgram } from '../../actors/ports/fence-agent.ts'
import { agentOptionProblems } from '../../schema/agent-options.ts'
import { CodedError } from '../../schema/errors.ts'

/**
 * The lines. Options that would make more than one line are refused with POWER_MISCONFIGURED,
 * wherever they come from.
 */
export function inputOf(program: FenceProgram, action: 'off' | 'status'): string {
  const options = [...program.options].map(([name, value]) => [name, value.reveal()] as const)
  const problems = agentOptionProblems(options)
  if (problems.length > 0) {
    throw new CodedError('POWER_MISCONFIGURED', `${program.name}: ${problems.join('; ')}`)
  }
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(program.host)) {
    throw new CodedError('POWER_MISCONFIGURED', `${program.name}: the host's name is not one line`)
  }
  const lines = [`action=${action}`, `nodename=${program.host}`]
  return [...lines, ...options.map(([name, value]) => `${name}=${value}`), ''].join('\n')
}
