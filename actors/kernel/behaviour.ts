/** What an actor is: a pure function, the effects that it may ask for, and how it is kept alive. */
import type { ActorRef } from './ref.ts'
import type { ChildPolicy } from './supervision.ts'

/** Every state says by its `kind` which state it is, and may say why. */
export interface AnyState {
  readonly kind: string
  readonly reason?: string | null
}

/** Every message says by its `type` what it means. */
export interface AnyMessage {
  readonly type: string
}

/** Starts the named timer, replacing one of the same name. All timers end when the state's `kind` changes. */
export interface TimerStart<Message> {
  readonly type: 'timer.start'
  readonly name: string
  readonly afterMs: number
  readonly message: Message
}

export interface TimerCancel {
  readonly type: 'timer.cancel'
  readonly name: string
}

/** Tells another actor; made by `tell`, which checks the message's type. */
export interface Tell {
  readonly type: 'tell'
  readonly to: string
  readonly message: AnyMessage
}

/** Starts a child of a kind that the composition root knows; a running one of that name stays as it is. */
export interface ChildStart {
  readonly type: 'child.start'
  readonly kind: string
  readonly name: string
  readonly argument: unknown
}

/** Stops a child and everything below it. */
export interface ChildStop {
  readonly type: 'child.stop'
  readonly kind: string
  readonly name: string
}

/** Effects that the kernel itself performs. */
export type KernelEffect<Message> =
  TimerStart<Message> | TimerCancel | Tell | ChildStart | ChildStop

export type Step<State, Effect> = readonly [state: State, effects: readonly Effect[]]

export interface ActorDefinition<State extends AnyState, Message extends AnyMessage, Effect> {
  readonly initial: State
  readonly behaviour: (
    state: State,
    message: Message,
  ) => Step<State, Effect | KernelEffect<Message>>
  /** Performs an effect through ports; what it answers is told back. A rejection crashes the actor. */
  readonly perform: (
    effect: Effect,
    signal: AbortSignal,
  ) => Promise<Message | undefined> | Message | undefined
  /** Told first, at every start and restart. */
  readonly first: Message
  readonly policy: ChildPolicy
}

/** A definition whose types are known only to itself. */
export type AnyDefinition = ActorDefinition<AnyState, AnyMessage, AnyMessage>

/** Hides the types of a definition, so that actors of all kinds fit one table. */
export function define<
  State extends AnyState,
  Message extends AnyMessage,
  Effect extends AnyMessage,
>(definition: ActorDefinition<State, Message, Effect>): AnyDefinition {
  return definition as unknown as AnyDefinition // safe: the kernel feeds it its own messages and effects only
}

/** The effect that tells another actor. */
export function tell<Message extends AnyMessage>(to: ActorRef<Message>, message: Message): Tell {
  return { type: 'tell', to: to.address, message }
}
