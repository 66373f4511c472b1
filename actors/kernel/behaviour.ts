/** What an actor is: a pure function, the effects that it may ask for, and how it is kept alive. */
import type { Accepts, ActorRef } from './ref.ts'
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

declare const checked: unique symbol

/** An effect that nobody writes by hand: its maker checks that its parts belong together. Known to the compiler only. */
interface Checked {
  readonly [checked]: true
}

/** Tells another actor; made by `tell`. */
export interface Tell extends Checked {
  readonly type: 'tell'
  readonly to: string
  readonly message: AnyMessage
}

/** Starts a child; a running one of that name stays as it is. Made by the `startChild` of a registry. */
export interface ChildStart extends Checked {
  readonly type: 'child.start'
  readonly kind: string
  readonly name: string
  readonly argument: unknown
}

/** Stops a child and everything below it. Made by the `stopChild` of a registry. */
export interface ChildStop extends Checked {
  readonly type: 'child.stop'
  readonly kind: string
  readonly name: string
}

/** Effects that the kernel itself performs. */
export type KernelEffect<Message> =
  TimerStart<Message> | TimerCancel | Tell | ChildStart | ChildStop

export type Step<State, Effect> = readonly [state: State, effects: readonly Effect[]]

/** How many entries each part of an actor's memory beside its state has now. */
export type MemorySizes = () => Readonly<Record<string, number>>

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
  /** Shown in the tree, where an actor and those below it share more than their states. */
  readonly holds?: MemorySizes
}

/** A definition whose types are known only to itself. */
export type AnyDefinition = ActorDefinition<AnyState, AnyMessage, AnyMessage>

/** Hides its states and effects; says which messages it takes. */
export type Definition<Message> = AnyDefinition & Accepts<Message>

/** Hides the types of a definition, so that actors of all kinds fit one table. */
export function define<
  State extends AnyState,
  Message extends AnyMessage,
  Effect extends AnyMessage,
>(definition: ActorDefinition<State, Message, Effect>): Definition<Message> {
  return definition as unknown as Definition<Message> // safe: the kernel feeds it its own messages and effects only
}

/** The effect that tells another actor. */
export function tell<Message extends AnyMessage>(to: ActorRef<Message>, message: Message): Tell {
  return { type: 'tell', to: to.address, message: message as AnyMessage } as Tell
}
