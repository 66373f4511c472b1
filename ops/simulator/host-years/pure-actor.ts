/** Runs one behaviour without the kernel: its timers on the clock of its process, its other effects by a function. */
import type {
  AnyMessage,
  AnyState,
  KernelEffect,
  Step,
  TimerCancel,
  TimerStart,
} from '../../../actors/kernel/behaviour.ts'
import type { Cancel, ClockPort } from '../../../actors/ports/clock.ts'

/** Messages of one scene, one after the other in the order in which they were sent, as the mailboxes keep it. */
export class TurnQueue {
  readonly #waiting: (() => void)[] = []
  #isRunning = false

  take(turn: () => void): void {
    this.#waiting.push(turn)
    if (this.#isRunning) return
    this.#isRunning = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next()
    this.#isRunning = false
  }
}

interface Running<State, Message, Effect> {
  readonly initial: State
  readonly behaviour: (
    state: State,
    message: Message,
  ) => Step<State, Effect | KernelEffect<Message>>
  /** The kernel's effects come here, too, but for its timers. */
  readonly perform: (effect: Effect | KernelEffect<Message>) => void
}

export class PureActor<
  State extends AnyState,
  Message extends AnyMessage,
  Effect extends AnyMessage,
> {
  readonly #clock: ClockPort
  readonly #turns: TurnQueue
  readonly #running: Running<State, Message, Effect>
  readonly #timers = new Map<string, Cancel>()
  #state: State
  #isStopped = false

  constructor(clock: ClockPort, turns: TurnQueue, running: Running<State, Message, Effect>) {
    this.#clock = clock
    this.#turns = turns
    this.#running = running
    this.#state = running.initial
  }

  get state(): State {
    return this.#state
  }

  send(message: Message): void {
    this.#turns.take(() => this.#receive(message))
  }

  /** Nothing reaches it any more, its own timers included. */
  stop(): void {
    this.#isStopped = true
    this.#endTimers()
  }

  #receive(message: Message): void {
    if (this.#isStopped) return
    const [next, effects] = this.#running.behaviour(this.#state, message)
    if (next.kind !== this.#state.kind) this.#endTimers()
    this.#state = next
    for (const effect of effects) {
      if (isStart<Message>(effect)) this.#startTimer(effect)
      else if (isCancel(effect)) this.#timers.get(effect.name)?.()
      else this.#running.perform(effect)
    }
  }

  #startTimer({ name, afterMs, message }: TimerStart<Message>): void {
    this.#timers.get(name)?.()
    this.#timers.set(
      name,
      this.#clock.schedule(afterMs, () => this.send(message)),
    )
  }

  #endTimers(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }
}

const isStart = <Message>(effect: AnyMessage): effect is TimerStart<Message> =>
  effect.type === 'timer.start'

const isCancel = (effect: AnyMessage): effect is TimerCancel => effect.type === 'timer.cancel'
