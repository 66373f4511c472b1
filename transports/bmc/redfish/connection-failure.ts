/**
 * Turns the errors that Node reports of sockets and certificates into POWER_* errors. A certificate
 * that is not trusted is a setting to correct, and nothing was sent. Every other error means that
 * the BMC does not answer, and a fence tries again.
 */
import { CodedError, isCoded } from '../../../schema/errors.ts'

/** Thrown when the fingerprint of the certificate is none of the pinned ones. */
export const foreignCertificate = (shown: string, pinned: readonly string[]): CodedError =>
  new CodedError(
    'POWER_MISCONFIGURED',
    `the BMC shows a certificate with the fingerprint ${shown}; redfish.fingerprint expects ${pinned.join(' or ')}`,
  )

export const excessiveAnswer = (bytesMax: number): CodedError =>
  new CodedError('POWER_COMMAND_FAILED', `the answer of the BMC exceeds ${bytesMax} bytes`)

/** The codes of OpenSSL and Node for a certificate that is not trusted. */
const DISTRUST =
  /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME)/

export function connectionFailure(error: unknown): CodedError {
  if (isCoded(error)) return error
  const code = codeOf(error)
  if (DISTRUST.test(code)) {
    const sentence = `the certificate of the BMC is not trusted (${code}): redfish_ca_file names its authority, or redfish.fingerprint pins it`
    return new CodedError('POWER_MISCONFIGURED', sentence)
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new CodedError('POWER_UNREACHABLE', "the BMC's name cannot be resolved")
  }
  if (code === 'EPROTO' || /^ERR_(?:SSL|TLS)_/.test(code)) {
    return new CodedError('POWER_COMMAND_FAILED', `no TLS connection to the BMC: ${code}`)
  }
  if (code.startsWith('HPE_')) {
    return new CodedError(
      'POWER_COMMAND_FAILED',
      `the BMC does not speak HTTP as it should: ${code}`,
    )
  }
  return new CodedError('POWER_UNREACHABLE', `no connection to the BMC: ${code}`)
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'closed'
