/** Understands what `ipmitool -v` prints in an open session: pure, so that it is tested on recorded output. */
import type { PowerState } from '../../../actors/ports/power.ts'
import type { IpmiSettings } from '../../../schema/control-attributes.ts'
import { CodedError } from '../../../schema/errors.ts'

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

/** ipmitool prints these without a reason when nothing came back. */
const SILENCE = /Unable to [gs]et Chassis Power|Close Session command failed/

/** Why a command in an open session did not succeed. */
export function commandFailure(
  reply: string,
  { privilege }: Pick<IpmiSettings, 'privilege'>,
): CodedError {
  if (SILENCE.test(reply)) {
    return new CodedError('POWER_UNREACHABLE', 'the BMC no longer answers in this session')
  }
  if (/failed: Insufficient privilege level/.test(reply)) {
    const sentence = `the user may not do this on the BMC with privilege ${privilege}`
    return new CodedError('POWER_MISCONFIGURED', sentence)
  }
  const reason = /Chassis Power.* failed: ([\w ,./()-]{1,100})/.exec(reply)?.[1]
  return new CodedError(
    'POWER_COMMAND_FAILED',
    reason === undefined ? 'the answer is not understood' : `the BMC refuses: ${reason.trim()}`,
  )
}
