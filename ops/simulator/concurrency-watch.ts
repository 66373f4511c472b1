/**
 * Checks the limits of evacuations in flight, and that nothing is requested before the time that
 * Nova named in Retry-After.
 */
import type { Caps } from '../../actors/evacuator/fair-share.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'

/** One evacuation that a node has requested. */
export interface Asked {
  readonly node: string
  readonly instance: string
  /** The segment of the host that the instance leaves. */
  readonly segment: string
  /** Undefined when Nova chooses. */
  readonly target: string | undefined
}

type Request = Asked & { answer: 'awaited' | 'given' }

type Report = (promise: string, text: string) => void

export class ConcurrencyWatch {
  readonly #clock: ClockPort
  readonly #cloud: Pick<SimulatedCloud, 'isOnItsWay'>
  readonly #caps: Caps
  readonly #report: Report
  /**
   * The time before which Nova wants no evacuate request from a node, monotonic ms. It holds for
   * the life of the node that received it.
   */
  readonly #patientUntilMs = new Map<string, number>()
  /** The latest request for each instance, of the node that leads. */
  readonly #requests = new Map<string, Request>()

  constructor(world: {
    readonly clock: ClockPort
    readonly cloud: Pick<SimulatedCloud, 'isOnItsWay'>
    readonly caps: Caps
    readonly report: Report
  }) {
    this.#clock = world.clock
    this.#cloud = world.cloud
    this.#caps = world.caps
    this.#report = world.report
  }

  /**
   * A new leader finds the evacuations in flight one after the other, so it is not responsible for
   * requests that it did not send.
   */
  claimed(node: string): void {
    this.#patientUntilMs.delete(node)
    this.#requests.clear()
  }

  asks(asked: Asked): void {
    const { node, instance, segment, target } = asked
    const untilMs = this.#patientUntilMs.get(node) ?? 0
    if (this.#clock.monotonicMs() < untilMs) {
      this.#report('Retry-After', `${node} evacuates ${instance} before ${untilMs} ms`)
    }
    this.#requests.set(instance, { ...asked, answer: 'awaited' })
    const inFlight = [...this.#requests.values()].filter((request) => this.#isInFlight(request))
    const fromHere = inFlight.filter((request) => request.segment === segment)
    const toThere = inFlight.filter((request) => request.target === target)
    this.#mustFit('overall', 'in all', inFlight)
    this.#mustFit('perSegment', `from ${segment}`, fromHere)
    if (target !== undefined) this.#mustFit('perTarget', `to ${target}`, toThere)
  }

  /** From now on Nova's records tell whether the evacuation is in flight. */
  answered(instance: string): void {
    const request = this.#requests.get(instance)
    if (request !== undefined) request.answer = 'given'
  }

  /** Nova has answered an evacuate request with Retry-After. */
  asksForPatience(node: string, seconds: number): void {
    const untilMs = this.#clock.monotonicMs() + seconds * 1000
    this.#patientUntilMs.set(node, Math.max(untilMs, this.#patientUntilMs.get(node) ?? 0))
  }

  #isInFlight({ instance, answer }: Request): boolean {
    return answer === 'awaited' || this.#cloud.isOnItsWay(instance)
  }

  #mustFit(which: keyof Caps, where: string, { length }: readonly Request[]): void {
    const cap = this.#caps[which]
    if (length <= cap) return
    this.#report(`cap ${which}`, `${length} evacuations in flight ${where}, at most ${cap}`)
  }
}
