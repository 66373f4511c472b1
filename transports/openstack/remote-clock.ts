/** How far the clock of a cloud is from ours, by the Date of its answers (RFC 9110, 6.6.1). */
import type { IncomingHttpHeaders } from 'node:http'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { CodedError } from '../../schema/errors.ts'

/** A Date has whole seconds, and an answer its way to go: less is no difference. */
const UNCERTAIN_MS = 3000

export class RemoteClock {
  readonly #clock: ClockPort
  #leadMs = 0

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  /** An answer has come. One without a Date says nothing. */
  hear({ date }: IncomingHttpHeaders): void {
    const leadMs = Date.parse(date ?? '') - this.#clock.wallMs()
    if (Number.isNaN(leadMs)) return
    this.#leadMs = Math.abs(leadMs) < UNCERTAIN_MS ? 0 : leadMs
  }

  /** How long ago a moment that the cloud tells was, to within seconds. */
  agoMs(theirMs: number): number {
    return this.#clock.wallMs() + this.#leadMs - theirMs
  }

  /** A moment that the cloud tells, on our wall clock, to within seconds. */
  ours(theirMs: number): number {
    return theirMs - this.#leadMs
  }
}

/** Wall ms by the clock of the cloud, which does not always say that it is UTC. COMPUTE_UNAVAILABLE when it is no time. */
export function utcMs(text: string): number {
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
  if (Number.isNaN(ms)) throw new CodedError('COMPUTE_UNAVAILABLE', `not a time: ${text}`)
  return ms
}
