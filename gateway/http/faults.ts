/** The bodies of error answers, in the form that clients of the API expect. */
import { Type } from 'typebox'
import { CodedError, type ErrorCode } from '../../schema/errors.ts'

/** Any error: an object with one member, named after the status. */
export const FaultBody = Type.Record(
  Type.String(),
  Type.Object({ code: Type.Integer(), message: Type.String() }),
)

/** An answer that reports an error, ready to be sent. */
export interface FaultAnswer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

const NAMES: Readonly<Record<number, string>> = {
  400: 'badRequest',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  415: 'badMediaType',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
}

const JSON_TYPE = 'application/json; charset=UTF-8'
const RETRY_AFTER_SECONDS = 5

/**
 * What callers are told about the services behind this one: fixed sentences, never an address or a
 * credential.
 */
const OUTAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  STORE_UNAVAILABLE: 'The database is not available.',
  STORE_CONFLICT: 'The database is too busy.',
  STORE_FULL: 'The disk of the database is full.',
  STORE_READ_ONLY: 'The database takes no writes.',
  SCHEMA_FOREIGN: 'The database holds tables of another program.',
  SCHEMA_NEWER: 'The database is newer than this program.',
  SCHEMA_INCOMPLETE: 'Tables of this program are missing in the database.',
  SCHEMA_DENIED: 'The database account may not bring the tables up to date.',
  KEY_MISSING: 'Stored credentials are sealed with a key that this process does not have.',
  STALE_EPOCH: 'The leader has changed.',
  BUS_UNAVAILABLE: 'The message bus is not available.',
  IDENTITY_UNAVAILABLE: 'The Identity service is not available.',
  IDENTITY_REFUSED: 'The Identity service refuses the credentials of this service.',
  COMPUTE_UNAVAILABLE: 'The Compute service is not available.',
  COMPUTE_OUTCOME_UNKNOWN: 'The Compute service does not answer.',
  COMPUTE_BUSY: 'The Compute service is too busy.',
  COMPUTE_REFUSED: 'The Compute service refuses this service.',
  ANSWER_LATE: 'No answer came in time.',
  COMPUTE_NOT_FOUND: 'The Compute service does not know what it was asked for.',
}

/**
 * `{"<name>": {"code", "message"}}` with the name that belongs to the status. When a limit was
 * exceeded, the body has `retryAfter`, too.
 */
export function fault(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): FaultAnswer {
  const name = NAMES[status] ?? 'masakariFault'
  const retryAfter = name === 'overLimit' ? headers['retry-after'] : undefined
  const body = JSON.stringify({ [name]: { code: status, message, retryAfter } })
  return { status, body, headers: { 'content-type': JSON_TYPE, ...headers } }
}

/** 401 has its own form, which clients know from the Identity service's filter. */
export function unauthorized(authUrl: string | undefined): FaultAnswer {
  const message = 'The request you have made requires authentication.'
  return {
    status: 401,
    body: JSON.stringify({ error: { code: 401, title: 'Unauthorized', message } }),
    headers: {
      'content-type': JSON_TYPE,
      'www-authenticate': authUrl === undefined ? 'Keystone' : `Keystone uri="${authUrl}"`,
    },
  }
}

/**
 * A path or a method that no resource has. Masakari's router answers in plain text; a client that
 * reads the message of a fault gets it here.
 */
export const unknownPath = (): FaultAnswer => fault(404, 'The resource could not be found.')

/** Plain text, for the answer that Masakari's body limit gives without a JSON fault, and for senders of alerts. */
export function plain(status: number, text: string): FaultAnswer {
  return { status, body: text, headers: { 'content-type': 'text/plain; charset=UTF-8' } }
}

/** The answer to callers for an error of ours; undefined when callers may not be told about it. */
export function codedFault(error: CodedError): FaultAnswer | undefined {
  const outage = OUTAGES[error.code]
  if (outage !== undefined) {
    const seconds = Math.ceil(error.retryAfterSeconds ?? RETRY_AFTER_SECONDS)
    return fault(503, outage, { 'retry-after': String(seconds) })
  }
  if (error.status >= 500) return undefined
  const { retryAfterSeconds: seconds } = error
  return seconds === undefined
    ? fault(error.status, error.message)
    : fault(error.status, error.message, { 'retry-after': String(Math.ceil(seconds)) })
}

/** One line about a failed readiness check: the code and a fixed sentence. */
export function publicReason(error: unknown): string {
  if (!(error instanceof CodedError)) return 'the check failed'
  if (error.code === 'NOT_READY') return `${error.code}: ${error.message}`
  return `${error.code}: ${OUTAGES[error.code] ?? 'the check failed'}`
}
