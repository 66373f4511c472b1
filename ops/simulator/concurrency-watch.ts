/** Checks the caps of evacuations in flight, and that nothing is requested before the moment that Nova named. */
import type { Caps } from '../../actors/evacuator/fair-share.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'

/** One evacuation that a node has asked for. */
export interface Asked {
  readonly node: string
  readonly instance: string
  /** Of the host that it leaves. */
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
  /** Until when Nova wants no evacuate request of a node, monotonic ms: it said so to that life of the node. */
  readonly #patientUntilMs = new Map<string, number>()
  /** The last request for each instance, by the node that leads. */
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

  /** The next leader finds what is under way one by one: nobody can blame it for what it has not asked for. */
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

  /** From now on Nova's records tell whether it is under way. */
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
