/**
 * Why ipmitool could not open a session, from what `ipmitool -v` prints: pure, so that it is tested on recorded output.
 * Only a line that repeats an answer of the BMC is a refusal. The same line without a reason is silence: "Set Session
 * Privilege Level to ADMINISTRATOR failed" ends the output after a lost open-session, RAKP 2 or RAKP 4 datagram, too.
 * What is not known is silence: a fence retries it.
 */
import type { IpmiSettings } from '../../../schema/control-attributes.ts'
import { CodedError, type ErrorCode } from '../../../schema/errors.ts'

/** The settings that a BMC may refuse. */
type Asked = Pick<IpmiSettings, 'cipherSuite' | 'privilege'>

interface Meaning {
  readonly pattern: RegExp
  readonly code: ErrorCode
  readonly sentence: (asked: Asked, reason: string) => string
}

/** The status code of an answer to open session, RAKP 1 or RAKP 3, as ipmitool words it. */
const status = (words: string): RegExp =>
  new RegExp(
    `(?:RAKP [24] message indicates an error|Error in open session response message) : (?:${words})`,
  )

const PASSWORD = 'the BMC refuses the password'
const PRIVILEGE = ({ privilege }: Asked): string =>
  `the user has no privilege ${privilege} on the BMC (ipmi.privilege)`
const SUITE = ({ cipherSuite }: Asked): string =>
  `the BMC does not support cipher suite ${cipherSuite} (ipmi.cipher_suite)`

/** First match wins. */
const MEANINGS: readonly Meaning[] = [
  {
    pattern: /^execvp|failed to execute|exec: .*not found/m,
    code: 'POWER_UNAVAILABLE',
    sentence: () =>
      'bash, setpriv or ipmitool is missing: apt-get install bash ipmitool util-linux',
  },
  {
    pattern: status('insufficient resources'),
    code: 'POWER_UNREACHABLE',
    sentence: () => 'the BMC has no free session',
  },
  {
    pattern: /^> RAKP 2 HMAC is invalid/m,
    code: 'POWER_MISCONFIGURED',
    sentence: () => PASSWORD,
  },
  {
    pattern: status('invalid integrity check value'),
    code: 'POWER_MISCONFIGURED',
    sentence: () => PASSWORD,
  },
  {
    // RAKP 2 has proved the password by then; what differs is the key of the session.
    pattern: /^> RAKP 4 message has invalid integrity check value/m,
    code: 'POWER_MISCONFIGURED',
    sentence: () =>
      'the BMC accepts the password and uses a key of its own (K_g), which must be unset',
  },
  {
    pattern: status('unauthorized name|invalid name length'),
    code: 'POWER_MISCONFIGURED',
    sentence: () => 'the BMC does not know the user name',
  },
  {
    pattern: /user ?name (?:is )?too long/i,
    code: 'POWER_MISCONFIGURED',
    sentence: () => 'IPMI user names have 16 bytes at most',
  },
  {
    pattern: /password is (?:longer than|too long)/i,
    code: 'POWER_MISCONFIGURED',
    sentence: () => 'IPMI passwords have 20 bytes at most',
  },
  {
    pattern: status('invalid role|unauthorized role'),
    code: 'POWER_MISCONFIGURED',
    sentence: PRIVILEGE,
  },
  {
    // Completion codes 80h and 81h of Set Session Privilege Level have no name in ipmitool.
    pattern:
      /Set Session Privilege Level to \w+ failed: (?:Unknown \(0x8[01]\)|Insufficient privilege|Invalid data field|Parameter out of range|Requested privilege level exceeds)/,
    code: 'POWER_MISCONFIGURED',
    sentence: PRIVILEGE,
  },
  {
    pattern: status(
      'invalid (?:authentication|integrity|confidentiality) algorithm|no matching (?:authentication algorithm|integrity payload|cipher suite)',
    ),
    code: 'POWER_MISCONFIGURED',
    sentence: SUITE,
  },
  {
    pattern: /^(?:Authentication|Integrity|Encryption) algorithm 0x\w\w is not what we requested/m,
    code: 'POWER_MISCONFIGURED',
    sentence: SUITE,
  },
  {
    pattern: /Unsupported cipher suite ID/,
    code: 'POWER_MISCONFIGURED',
    sentence: ({ cipherSuite }) => `ipmitool does not support cipher suite ${cipherSuite}`,
  },
  {
    pattern: /This BMC does not support IPMI v2/,
    code: 'POWER_MISCONFIGURED',
    sentence: () => 'the BMC does not speak IPMI 2.0 over the network (RMCP+)',
  },
  {
    pattern: status('illegal parameter'),
    code: 'POWER_MISCONFIGURED',
    sentence: ({ cipherSuite, privilege }) =>
      `the BMC refuses the session: illegal parameter (cipher suite ${cipherSuite}, privilege ${privilege})`,
  },
  {
    // It answers and gives another reason: it may be busy or starting.
    pattern:
      /(?:Set Session Privilege Level to \w+ failed|Get Auth Capabilities error): ([\w ,./()-]{1,100})/,
    code: 'POWER_COMMAND_FAILED',
    sentence: (_, reason) => `the BMC opens no session: ${reason}`,
  },
  {
    pattern: /Address lookup for .* failed/,
    code: 'POWER_UNREACHABLE',
    sentence: () => "the BMC's name cannot be resolved",
  },
]

/** Why no session came up, from everything that ipmitool printed before it ended. */
export function sessionFailure(output: string, asked: Asked): CodedError {
  for (const { pattern, code, sentence } of MEANINGS) {
    const match = pattern.exec(output)
    if (match !== null) return new CodedError(code, sentence(asked, match[1]?.trim() ?? ''))
  }
  return new CodedError('POWER_UNREACHABLE', 'the BMC does not answer')
}
