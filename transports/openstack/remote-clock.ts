/**
 * The difference between the clock of a cloud and ours, from the Date of its answers (RFC 9110,
 * 6.6.1).
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { CodedError } from '../../schema/errors.ts'

/** A smaller difference counts as none, ms: a Date has whole seconds, and an answer takes time. */
const UNCERTAIN_MS = 3000

export class RemoteClock {
  readonly #clock: ClockPort
  #leadMs = 0

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  /** Reads the Date of an answer. An answer without a Date is ignored. */
  hear({ date }: IncomingHttpHeaders): void {
    const leadMs = Date.parse(date ?? '') - this.#clock.wallMs()
    if (Number.isNaN(leadMs)) return
    this.#leadMs = Math.abs(leadMs) < UNCERTAIN_MS ? 0 : leadMs
  }

  /** How long ago a time of the cloud's clock was, to within seconds. */
  agoMs(theirMs: number): number {
    return this.#clock.wallMs() + this.#leadMs - theirMs
  }

  /** A time of the cloud's clock, on our wall clock, to within seconds. */
  ours(theirMs: number): number {
    return theirMs - this.#leadMs
  }
}

/**
 * Wall ms by the clock of the cloud, whose texts do not always name UTC. COMPUTE_UNAVAILABLE when
 * the text is no time.
 */
export function utcMs(text: string): number {
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
  if (Number.isNaN(ms)) throw new CodedError('COMPUTE_UNAVAILABLE', `not a time: ${text}`)
  return ms
}
