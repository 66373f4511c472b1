/**
 * One running actor: its state, mailbox, timers, effects in flight and children. It does not depend
 * on nact.
 */
import { CodedError, describeError } from '../../schema/errors.ts'
import type { Cancel, ClockPort } from '../ports/clock.ts'
import type { AnyDefinition, AnyMessage, AnyState, ChildStart, ChildStop } from './behaviour.ts'
import { Mailbox } from './mailbox.ts'

/**
 * An item of a mailbox: a message of another actor, a message from the actor's own effects and
 * timers, or an error that must crash it.
 */
export type Item =
  | { readonly kind: 'told' | 'own'; readonly message: AnyMessage }
  | { readonly kind: 'crash'; readonly error: unknown }

/**
 * The health endpoint shows so many characters of the latest error at most. The log has all of it.
 */
const ERROR_CHARS_MAX = 1024

/** What a cell needs from the system. */
export interface CellHost {
  readonly clock: ClockPort
  readonly factories: Readonly<Record<string, (argument: never, name: string) => AnyDefinition>>
  /** Sends a message to an actor by its address. */
  deliver(address: string, message: AnyMessage): void
  /** Puts an item into the cell's own mailbox. */
  enqueue(cell: Cell, item: Item): void
  startChild(parent: Cell, child: ChildStart): void
  stopChild(parent: Cell, child: ChildStop): void
  /** Called when the last effect of a stopped cell has ended. */
  left(cell: Cell): void
}

/** The state that is shown of an actor that is given up for a while, whatever its kind. */
export const GIVEN_UP = 'given-up'

export class Cell {
  readonly kind: string
  readonly name: string
  readonly address: string
  readonly path: string
  readonly parent: Cell | undefined
  readonly definition: AnyDefinition
  readonly mailbox: Mailbox<Item>
  readonly children = new Map<string, Cell>()
  readonly startedAtMs: number
  state: AnyState
  stopped = false
  restarts = 0
  crashesAt: readonly number[] = []
  lastError: string | null = null
  inFlight = 0
  #generation = 0
  #abort = new AbortController()
  readonly #timers = new Map<string, Cancel>()
  readonly #host: CellHost

  constructor(
    host: CellHost,
    identity: { readonly kind: string; readonly name: string; readonly parent: Cell | undefined },
    definition: AnyDefinition,
  ) {
    this.#host = host
    this.kind = identity.kind
    this.name = identity.name
    this.address = `${identity.kind}/${identity.name}`
    this.parent = identity.parent
    this.path =
      identity.parent === undefined ? this.address : `${identity.parent.path}/${this.address}`
    this.definition = definition
    this.mailbox = new Mailbox(definition.policy.mailboxCapacity, definition.policy.overflow)
    this.startedAtMs = host.clock.monotonicMs()
    this.state = definition.initial
  }

  /** Handles the next item of the mailbox. Throws what the behaviour throws. */
  handleNext(): void {
    const item = this.mailbox.shift()
    if (item === undefined || this.stopped) return
    if (item.kind === 'crash') throw item.error
    const [next, effects] = this.definition.behaviour(this.state, item.message)
    if (next.kind !== this.state.kind) this.#cancelTimers()
    this.state = next
    for (const effect of effects) this.#run(effect)
  }

  /** Drops state, timers and effects in flight, as at a new start. */
  reset(): void {
    this.restarts += 1
    this.#endGeneration()
    this.state = this.definition.initial
  }

  /** Given up until its next reset. Returns the items that were still waiting. */
  giveUp(reason: string): readonly Item[] {
    this.#endGeneration()
    this.state = { kind: GIVEN_UP, reason }
    this.crashesAt = []
    return this.mailbox.drain()
  }

  /** Stops for good, and returns the items that were still waiting. */
  end(): readonly Item[] {
    this.stopped = true
    this.#endGeneration()
    return this.mailbox.drain()
  }

  #endGeneration(): void {
    this.#generation += 1
    this.#cancelTimers()
    this.#abort.abort(new CodedError('ACTOR_STOPPED', `${this.path} has stopped`))
    this.#abort = new AbortController()
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #run(effect: AnyMessage): void {
    const kernelEffect = effect as ChildStart | ChildStop | KernelTimer // `type` tells them apart
    switch (kernelEffect.type) {
      case 'timer.start':
        return this.#startTimer(kernelEffect)
      case 'timer.cancel':
        this.#timers.get(kernelEffect.name)?.()
        this.#timers.delete(kernelEffect.name)
        return undefined
      case 'tell':
        return this.#host.deliver(kernelEffect.to, kernelEffect.message)
      case 'child.start':
        return this.#host.startChild(this, kernelEffect)
      case 'child.stop':
        return this.#host.stopChild(this, kernelEffect)
      default:
        return this.#perform(effect)
    }
  }

  #startTimer(timer: TimerEffect): void {
    this.#timers.get(timer.name)?.()
    const cancel = this.#host.clock.schedule(timer.afterMs, () => {
      this.#timers.delete(timer.name)
      this.#host.enqueue(this, { kind: 'own', message: timer.message })
    })
    this.#timers.set(timer.name, cancel)
  }

  #perform(effect: AnyMessage): void {
    const result = this.definition.perform(effect, this.#abort.signal)
    if (!(result instanceof Promise)) {
      if (result !== undefined) this.#host.enqueue(this, { kind: 'own', message: result })
      return
    }
    void this.#await(result, this.#generation)
  }

  async #await(result: Promise<AnyMessage | undefined>, generation: number): Promise<void> {
    this.inFlight += 1
    let item: Item | undefined
    try {
      const message = await result
      if (message !== undefined) item = { kind: 'own', message }
    } catch (error) {
      item = { kind: 'crash', error }
    }
    this.inFlight -= 1
    if (this.stopped && this.inFlight === 0) this.#host.left(this)
    // The result of an effect belongs to the incarnation that requested it, never to a later one.
    if (item !== undefined && generation === this.#generation) this.#host.enqueue(this, item)
  }

  /** Keeps the error of the latest crash, in one line. */
  noteError(error: unknown): void {
    this.lastError = describeError(error).slice(0, ERROR_CHARS_MAX)
  }
}

type TimerEffect = {
  readonly type: 'timer.start'
  readonly name: string
  readonly afterMs: number
  readonly message: AnyMessage
}

type KernelTimer =
  | TimerEffect
  | { readonly type: 'timer.cancel'; readonly name: string }
  | { readonly type: 'tell'; readonly to: string; readonly message: AnyMessage }
