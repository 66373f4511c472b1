/** Understands what `ipmitool -v` prints: pure, so that it is tested on recorded output. */
import type { PowerState } from '../../actors/ports/power.ts'
import { CodedError, type ErrorCode } from '../../schema/errors.ts'

/** What ipmitool says when a command did not succeed, whatever else it prints. */
const TROUBLE = /\b(?:unable|failed|failure|error|invalid|timed? ?out|refused)\b/i

/** The power state in a reply to `power status`; undefined unless one line says exactly that, and nothing speaks of trouble. */
export function parseChassisStatus(reply: string): PowerState | undefined {
  if (TROUBLE.test(reply)) return undefined
  const states = [...reply.matchAll(/^Chassis Power is (on|off)$/gm)]
  if (states.length !== 1) return undefined
  return states[0]?.[1] === 'off' ? 'off' : 'on'
}

/** True when the BMC accepted `power off`; whether the machine went off is another question. */
export const isPowerOffAccepted = (reply: string): boolean =>
  !TROUBLE.test(reply) && /^Chassis Power Control: Down\/Off$/m.test(reply)

interface Meaning {
  readonly pattern: RegExp
  readonly code: ErrorCode
  readonly sentence: string
}

/** First match wins. */
const SESSION_FAILURES: readonly Meaning[] = [
  {
    pattern: /^execvp|failed to execute|exec: .*not found/m,
    code: 'POWER_UNAVAILABLE',
    sentence: 'bash, setpriv or ipmitool is missing: apt-get install bash ipmitool util-linux',
  },
  {
    pattern: /insufficient resources/i,
    code: 'POWER_UNREACHABLE',
    sentence: 'the BMC has no free session',
  },
  {
    pattern: /HMAC is invalid|invalid integrity check value/,
    code: 'POWER_MISCONFIGURED',
    sentence: 'the BMC refuses the password',
  },
  {
    pattern: /unauthorized name|invalid name length|user ?name (?:is )?too long/i,
    code: 'POWER_MISCONFIGURED',
    sentence: 'the BMC does not know the user name',
  },
  {
    pattern: /password is (?:longer than|too long)/i,
    code: 'POWER_MISCONFIGURED',
    sentence: 'IPMI passwords have 20 bytes at most',
  },
  {
    pattern: /invalid role|unauthorized role|Session Privilege Level to \w+ failed/,
    code: 'POWER_MISCONFIGURED',
    sentence: 'the user has no administrator privilege on the BMC',
  },
  {
    pattern: /algorithm|cipher suite|integrity payload/,
    code: 'POWER_MISCONFIGURED',
    sentence: 'the BMC does not support this cipher suite',
  },
  {
    pattern: /Address lookup for .* failed/,
    code: 'POWER_UNREACHABLE',
    sentence: "the BMC's name cannot be resolved",
  },
]

const NO_SESSION: Meaning = {
  pattern: /^/,
  code: 'POWER_UNREACHABLE',
  sentence: 'the BMC does not answer',
}

const COMMAND_FAILURES: readonly Meaning[] = [
  {
    pattern: /Unable to [gs]et Chassis Power|Close Session command failed/,
    code: 'POWER_UNREACHABLE',
    sentence: 'the BMC no longer answers in this session',
  },
  {
    pattern: /failed: Insufficient privilege level/,
    code: 'POWER_MISCONFIGURED',
    sentence: 'the user may not do this on the BMC',
  },
]

/** Why no session came up, from everything that ipmitool printed before it ended. */
export function sessionFailure(output: string): CodedError {
  const { code, sentence } = find(SESSION_FAILURES, output) ?? NO_SESSION
  return new CodedError(code, sentence)
}

/** Why a command in an open session did not succeed. */
export function commandFailure(reply: string): CodedError {
  const known = find(COMMAND_FAILURES, reply)
  if (known !== undefined) return new CodedError(known.code, known.sentence)
  const reason = /Chassis Power.* failed: ([\w ,./()-]{1,100})/.exec(reply)?.[1]
  return new CodedError(
    'POWER_COMMAND_FAILED',
    reason === undefined ? 'the answer is not understood' : `the BMC refuses: ${reason.trim()}`,
  )
}

const find = (meanings: readonly Meaning[], text: string): Meaning | undefined =>
  meanings.find(({ pattern }) => pattern.test(text))
