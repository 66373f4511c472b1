/** Calls the Compute API: with a token, within limits, and with our codes for the outcome. */
import { CodedError, type ErrorCode } from '../../schema/errors.ts'
import { faultText } from './answer-decoder.ts'
import { exchangeRepeatedly, retryAfterSeconds, type Timing } from './exchange-repeatedly.ts'
import type { HttpAnswer, HttpClient, HttpOutcome, HttpRequest } from './http-client.ts'
import type { Keystone, Session } from './keystone.ts'
import type { OddRows } from './odd-rows.ts'
import { RemoteClock, utcMs } from './remote-clock.ts'

export interface ComputeCall {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** The path below the endpoint, with its query. */
  readonly path: string
  readonly body?: unknown
  /** Whether a second request has no further effect. */
  readonly repeat: 'harmless' | 'never'
  /** The global request id of the caller's request; a new one when unset. */
  readonly requestId?: string
  /** Another microversion than the usual one. */
  readonly microversion?: string
}

export interface ComputeApi {
  /**
   * Returns the text of a successful answer. Throws COMPUTE_* and IDENTITY_* as in
   * `actors/ports/compute.ts`.
   */
  call(call: ComputeCall, signal: AbortSignal | undefined): Promise<string>
  /**
   * Wall ms of a time in its answers, which is UTC of the cloud's own clock. COMPUTE_UNAVAILABLE
   * when the text is no time.
   */
  readonly timeOf: (text: string) => number
  /** The rows that are left out of its lists. */
  readonly oddRows: OddRows
  /** The time between this moment and the latest answer, both by the cloud's own clock, ms. */
  readonly agoMs: (text: string) => number
}

/** What the access to every OpenStack API needs. */
export interface ComputeApiOptions {
  readonly client: HttpClient
  readonly keystone: Keystone
  readonly timing: Timing
  readonly requestTimeoutMs: number
  /** Joins the caller's signal with the signal of closing. */
  readonly signalOf: (signal: AbortSignal | undefined) => AbortSignal
  readonly oddRows: OddRows
}

/**
 * The lowest microversion with service uuids and with `forced_down` in a plain update. An
 * evacuation keeps the power state with it.
 */
const MICROVERSION = '2.53'

/** The Compute API of the cloud of this Keystone. */
export function computeApi(options: ComputeApiOptions): ComputeApi {
  const { client, keystone, timing } = options
  const cloudClock = new RemoteClock(timing.clock)
  return {
    oddRows: options.oddRows,
    timeOf: (text) => cloudClock.ours(utcMs(text)),
    agoMs: (text) => cloudClock.agoMs(utcMs(text)),
    async call(call, callerSignal) {
      const signal = options.signalOf(callerSignal)
      const limits = { deadlineMs: timing.clock.monotonicMs() + options.requestTimeoutMs, signal }
      const outcome = await keystone.withSession((session) => {
        const request = requestOf(call, session, call.requestId ?? `req-${timing.random.uuid()}`)
        return call.repeat === 'harmless'
          ? exchangeRepeatedly(client, timing, request, limits)
          : client.exchange(request, limits)
      })
      if (outcome.kind === 'answered') cloudClock.hear(outcome.headers)
      if (outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300) {
        return outcome.text
      }
      if (!lostOnTheWay(outcome, call)) signal.throwIfAborted()
      throw failureOf(outcome, call, timing)
    },
  }
}

function requestOf(call: ComputeCall, session: Session, requestId: string): HttpRequest {
  if (session.computeUrl === undefined) {
    throw new CodedError(
      'COMPUTE_UNAVAILABLE',
      'the catalogue has no compute endpoint for the configured region and interface',
    )
  }
  const version = call.microversion ?? MICROVERSION
  const headers = {
    'X-Auth-Token': session.token,
    'X-OpenStack-Request-ID': requestId,
    'OpenStack-API-Version': `compute ${version}`,
    'X-OpenStack-Nova-API-Version': version,
    Accept: 'application/json',
  }
  const url = session.computeUrl + call.path
  if (call.body === undefined) return { method: call.method, url, headers }
  const body = JSON.stringify(call.body)
  const typed = { ...headers, 'Content-Type': 'application/json' }
  return { method: call.method, url, headers: typed, body }
}

/** The outcome of a request that must not be repeated is unknown. */
const lostOnTheWay = (outcome: HttpOutcome, call: ComputeCall): boolean =>
  call.repeat === 'never' && outcome.kind === 'unanswered'

function failureOf(outcome: HttpOutcome, call: ComputeCall, timing: Timing): CodedError {
  const what = `${call.method} ${call.path.replace(/\?.*/, '')}`
  if (outcome.kind !== 'answered') {
    const code = lostOnTheWay(outcome, call) ? 'COMPUTE_OUTCOME_UNKNOWN' : 'COMPUTE_UNAVAILABLE'
    return new CodedError(code, `${what}: ${outcome.detail}`, { cause: outcome.cause })
  }
  const id = requestIdOf(outcome)
  const text = `${what}: ${outcome.status} ${faultText(outcome.text)}${id === '' ? '' : ` (${id})`}`
  const seconds = retryAfterSeconds(outcome, timing.clock)
  const asked = seconds === undefined ? {} : { retryAfterSeconds: seconds }
  return new CodedError(codeOf(outcome, call), text, asked)
}

function codeOf({ status, text }: HttpAnswer, call: ComputeCall): ErrorCode {
  if (status === 429 || status === 503) return 'COMPUTE_BUSY'
  if (status === 401) return 'IDENTITY_REFUSED'
  // A 404 counts only with Nova's own words: a wrong URL or a proxy answers 404 to everything.
  if (status === 404)
    return /"itemNotFound"/.test(text) ? 'COMPUTE_NOT_FOUND' : 'COMPUTE_UNAVAILABLE'
  // 501: the driver of the hypervisor cannot do it, however often it is requested.
  if ((status >= 400 && status < 500) || status === 501) return 'COMPUTE_REFUSED'
  // A redirect has done nothing. An error of a gateway or of Nova itself may come after the action.
  return status >= 500 && call.repeat === 'never'
    ? 'COMPUTE_OUTCOME_UNKNOWN'
    : 'COMPUTE_UNAVAILABLE'
}

function requestIdOf(answer: HttpAnswer): string {
  const id = answer.headers['x-openstack-request-id'] ?? answer.headers['x-compute-request-id']
  return typeof id === 'string' ? id : ''
}
