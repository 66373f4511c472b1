/**
 * The connection between one process and the simulated Nova, on which requests and answers are
 * delayed, lost or refused.
 */
import { CodedError, isCoded } from '../../schema/errors.ts'
import type { CallChance } from './call-chance.ts'
import type { Faults, NovaMood } from './faults.ts'
import type { NovaRows } from './nova-rows.ts'
import { draw } from './random.ts'
import type { Site } from './site.ts'

/** After this time, the client gives a request up, ms. */
const REQUEST_TIMEOUT_MS = 10_000

export interface NovaRequest<Answer> {
  /** read: changes nothing; repeatable: may be sent twice; once: must not be sent twice. */
  readonly kind: 'read' | 'repeatable' | 'once'
  readonly name: string
  /** The subject of the request, for the log. */
  readonly subject: string
  readonly effect: () => Answer
  readonly signal: AbortSignal | undefined
}

type Outcome<Answer> =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'failure'; readonly error: unknown }
  | { readonly kind: 'nothing'; readonly where: 'request' | 'answer' }

type Fate = 'served' | 'busy' | 'broken' | 'broken-late' | 'request-lost' | 'answer-lost'

/** The connection of one process to Nova. */
export class NovaWire {
  readonly #site: Site
  readonly #faults: Faults
  readonly #node: string
  readonly #chance: CallChance
  readonly #rows: Pick<NovaRows, 'underWay'>

  constructor(parts: {
    readonly site: Site
    readonly faults: Faults
    readonly node: string
    readonly chance: CallChance
    readonly rows: Pick<NovaRows, 'underWay'>
  }) {
    this.#site = parts.site
    this.#faults = parts.faults
    this.#node = parts.node
    this.#chance = parts.chance
    this.#rows = parts.rows
  }

  async send<Answer>(request: NovaRequest<Answer>): Promise<Answer> {
    const { kind, name, subject, signal } = request
    signal?.throwIfAborted()
    const { clock } = this.#site
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const mood = this.#faults.nova
    const strainMs = mood.strainMs === 0 ? 0 : mood.strainMs * this.#rows.underWay
    const chance = this.#chance.next(`${name} ${subject}`)
    const latencyMs = kind === 'read' ? this.#faults.ofRead(mood.latencyMs) : mood.latencyMs
    const thereMs = draw(chance, latencyMs) + strainMs
    const backMs = draw(chance, latencyMs) + strainMs
    const fate = fateOf(mood, chance.next())
    this.#site.ledger.count(`nova.${name}`)
    const end = (): void => {
      cancelTimeout()
      signal?.removeEventListener('abort', onAbort)
    }
    const giveUp = (): void => {
      end()
      reject(unanswered(request))
    }
    const onAbort = (): void => {
      end()
      // A request that may have been carried out must not look as if it had never been sent.
      reject(request.kind === 'once' ? unanswered(request) : signal?.reason)
    }
    const cancelTimeout = clock.schedule(REQUEST_TIMEOUT_MS, giveUp)
    signal?.addEventListener('abort', onAbort, { once: true })
    // The request arrives even when the client no longer waits for its answer.
    clock.schedule(thereMs, () => {
      const outcome = this.#arrive(request, fate)
      clock.schedule(backMs, () => {
        if (outcome.kind === 'nothing' || this.#isCut()) return
        end()
        if (outcome.kind === 'answer') resolve(outcome.answer)
        else reject(outcome.error)
      })
    })
    return promise
  }

  #arrive<Answer>(request: NovaRequest<Answer>, fate: Fate): Outcome<Answer> {
    const outcome: Outcome<Answer> =
      fate === 'request-lost' || this.#isCut()
        ? { kind: 'nothing', where: 'request' }
        : this.#serve(request, fate)
    const subject = request.subject === '' ? '' : ` ${request.subject}`
    this.#site.ledger.note(
      request.kind === 'read' ? 'read' : 'write',
      `${this.#node} ${request.name}${subject}: ${describe(outcome)}`,
    )
    return outcome
  }

  #serve<Answer>(request: NovaRequest<Answer>, fate: Fate): Outcome<Answer> {
    const mood = this.#faults.nova
    if (mood.outage) return failure('COMPUTE_UNAVAILABLE', 'Nova refuses connections')
    if (fate === 'busy' || this.#isFull(request, mood)) {
      const { retryAfterSeconds } = mood
      return failure('COMPUTE_BUSY', 'Nova is overloaded', { retryAfterSeconds })
    }
    if (fate === 'broken') return broken(request)
    try {
      const answer = request.effect()
      if (fate === 'broken-late') return broken(request)
      return fate === 'answer-lost'
        ? { kind: 'nothing', where: 'answer' }
        : { kind: 'answer', answer }
    } catch (error) {
      return { kind: 'failure', error }
    }
  }

  #isFull({ kind }: NovaRequest<unknown>, { evacuationsMax }: NovaMood): boolean {
    return kind === 'once' && this.#rows.underWay >= evacuationsMax
  }

  #isCut(): boolean {
    return this.#faults.isCut(this.#node, 'compute')
  }
}

/** The fate of this request, by the shares of all fates. */
function fateOf(mood: NovaMood, chance: number): Fate {
  let bound = 0
  const shares: readonly (readonly [Fate, number])[] = [
    ['busy', mood.busyRate],
    ['broken', mood.brokenRate / 2],
    ['broken-late', mood.brokenRate / 2],
    ['request-lost', mood.lostRequestRate],
    ['answer-lost', mood.lostAnswerRate],
  ]
  for (const [fate, share] of shares) {
    bound += share
    if (chance < bound) return fate
  }
  return 'served'
}

const lossCode = (
  request: Pick<NovaRequest<unknown>, 'kind'>,
): 'COMPUTE_OUTCOME_UNKNOWN' | 'COMPUTE_UNAVAILABLE' =>
  request.kind === 'once' ? 'COMPUTE_OUTCOME_UNKNOWN' : 'COMPUTE_UNAVAILABLE'

const unanswered = (request: Pick<NovaRequest<unknown>, 'kind' | 'name'>): CodedError =>
  new CodedError(lossCode(request), `Nova did not answer ${request.name} in time`)

function failure(
  code: ConstructorParameters<typeof CodedError>[0],
  message: string,
  options: { readonly retryAfterSeconds?: number } = {},
): { readonly kind: 'failure'; readonly error: CodedError } {
  return { kind: 'failure', error: new CodedError(code, message, options) }
}

const broken = (request: Pick<NovaRequest<unknown>, 'kind'>): ReturnType<typeof failure> =>
  failure(lossCode(request), 'Nova answers 500')

function describe(outcome: Outcome<unknown>): string {
  switch (outcome.kind) {
    case 'answer':
      return 'ok'
    case 'failure':
      return isCoded(outcome.error) ? outcome.error.code : 'crashed'
    case 'nothing':
      return outcome.where === 'request' ? 'lost on the way' : 'ok, but the answer is lost'
  }
}
