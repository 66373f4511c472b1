/**
 * Catalogue of every error that we raise: its code, its HTTP status, and whether another try may
 * succeed.
 */
import type { Epoch } from './ids.ts'

interface ErrorKind {
  readonly status: number
  /** True when the same request may succeed later although its sender changes nothing. */
  readonly retryable: boolean
}

export const ERRORS = {
  CONFIG_INVALID: { status: 500, retryable: false },
  INPUT_INVALID: { status: 400, retryable: false },
  MESSAGE_INVALID: { status: 400, retryable: false },
  MESSAGE_NEWER: { status: 400, retryable: true },
  TOKEN_INVALID: { status: 401, retryable: false },
  ACCESS_FORBIDDEN: { status: 403, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  VERSION_UNSUPPORTED: { status: 406, retryable: false },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, retryable: false },
  RATE_LIMITED: { status: 429, retryable: true },
  SEGMENT_NOT_FOUND: { status: 404, retryable: false },
  SEGMENT_NAME_TAKEN: { status: 409, retryable: false },
  SEGMENT_UNDER_RECOVERY: { status: 409, retryable: false },
  HOST_NOT_FOUND: { status: 404, retryable: false },
  HOST_NAME_TAKEN: { status: 409, retryable: false },
  HOST_UNDER_RECOVERY: { status: 409, retryable: false },
  HOST_UNKNOWN_TO_COMPUTE: { status: 400, retryable: false },
  MARKER_NOT_FOUND: { status: 400, retryable: false },
  HOST_ON_MAINTENANCE: { status: 409, retryable: false },
  NOTIFICATION_DUPLICATE: { status: 409, retryable: false },
  NOTIFICATION_NOT_FOUND: { status: 404, retryable: false },
  COMMAND_REFUSED: { status: 409, retryable: false },
  MOVE_NOT_FOUND: { status: 404, retryable: false },
  INSTANCE_NOT_FOUND: { status: 404, retryable: false },
  EXTENSION_NOT_FOUND: { status: 404, retryable: false },
  STREAMS_EXHAUSTED: { status: 429, retryable: true },
  ANSWER_LATE: { status: 504, retryable: true },
  /** The message may be shown to every caller: it says what a role cannot do now. */
  NOT_READY: { status: 503, retryable: true },
  STALE_EPOCH: { status: 503, retryable: true },
  STORE_UNAVAILABLE: { status: 503, retryable: true },
  STORE_CONFLICT: { status: 503, retryable: true },
  STORE_FULL: { status: 503, retryable: true },
  STORE_READ_ONLY: { status: 503, retryable: true },
  SCHEMA_FOREIGN: { status: 503, retryable: false },
  SCHEMA_NEWER: { status: 503, retryable: false },
  SCHEMA_INCOMPLETE: { status: 503, retryable: false },
  SCHEMA_DENIED: { status: 503, retryable: true },
  KEY_MISSING: { status: 503, retryable: false },
  BUS_UNAVAILABLE: { status: 503, retryable: true },
  LEASE_UNAVAILABLE: { status: 503, retryable: true },
  IDENTITY_UNAVAILABLE: { status: 503, retryable: true },
  IDENTITY_REFUSED: { status: 401, retryable: false },
  COMPUTE_UNAVAILABLE: { status: 503, retryable: true },
  /** The request was sent, and no answer came. It is not known whether it was carried out. */
  COMPUTE_OUTCOME_UNKNOWN: { status: 504, retryable: false },
  COMPUTE_BUSY: { status: 503, retryable: true },
  COMPUTE_REFUSED: { status: 502, retryable: false },
  COMPUTE_NOT_FOUND: { status: 404, retryable: false },
  PLACEMENT_UNAVAILABLE: { status: 503, retryable: true },
  HYPERVISOR_UNAVAILABLE: { status: 503, retryable: true },
  POWER_UNREACHABLE: { status: 504, retryable: true },
  POWER_MISCONFIGURED: { status: 502, retryable: false },
  POWER_COMMAND_FAILED: { status: 502, retryable: true },
  POWER_UNAVAILABLE: { status: 501, retryable: false },
  /** Of the command line: the REST API does not answer it, or cannot now. */
  API_UNAVAILABLE: { status: 503, retryable: true },
  /** Of the command line: the REST API refuses what it was asked for. */
  API_REFUSED: { status: 400, retryable: false },
  RESTART_LIMIT_REACHED: { status: 500, retryable: false },
  ACTOR_STOPPED: { status: 503, retryable: true },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

/** An error that we raise: a code of the catalogue, a sentence for people, and the cause. */
export class CodedError extends Error {
  readonly code: ErrorCode
  /**
   * How many seconds the other side asked us to wait (Retry-After); undefined when it did not ask.
   */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'CodedError'
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }

  get status(): number {
    return ERRORS[this.code].status
  }
}

/**
 * STALE_EPOCH: a former leader wanted to write or to act with an epoch that is not the current one.
 */
export class StaleEpochError extends CodedError {
  /** The epoch that the store refused. */
  readonly epoch: Epoch

  constructor(epoch: Epoch, message: string) {
    super('STALE_EPOCH', message)
    this.epoch = epoch
  }
}

/**
 * True for an error that only an operator can correct. A process that finds one refuses to start.
 */
export const isRefusal = (error: unknown): error is CodedError =>
  isCoded(
    error,
    'CONFIG_INVALID',
    'SCHEMA_FOREIGN',
    'SCHEMA_NEWER',
    'SCHEMA_INCOMPLETE',
    'KEY_MISSING',
  )

/**
 * True for an error that we raised with one of these codes; without codes, for every error that we
 * raised.
 */
export function isCoded(error: unknown, ...codes: readonly ErrorCode[]): error is CodedError {
  return error instanceof CodedError && (codes.length === 0 || codes.includes(error.code))
}

/** One line about anything that was thrown, with our code in front when it has one. */
export function describeError(error: unknown): string {
  if (error instanceof CodedError) return `${error.code}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}
