/**
 * The parts of an actor: a pure function, the effects that it may request, and the policy of its
 * restarts.
 */
import type { Accepts, ActorRef } from './ref.ts'
import type { ChildPolicy } from './supervision.ts'

/** Every state names itself by its `kind`, and may have a reason. */
export interface AnyState {
  readonly kind: string
  readonly reason?: string | null
}

/** Every message names its meaning by its `type`. */
export interface AnyMessage {
  readonly type: string
}

/**
 * Starts the named timer, and replaces a timer of the same name. All timers end when the `kind` of
 * the state changes.
 */
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

/**
 * Marks an effect that only its maker function may create, because that function checks that the
 * parts fit together. Exists for the compiler only.
 */
interface Checked {
  readonly [checked]: true
}

/** Sends a message to another actor; made by `tell`. */
export interface Tell extends Checked {
  readonly type: 'tell'
  readonly to: string
  readonly message: AnyMessage
}

/**
 * Starts a child. A running child of that name stays as it is. Made by the `startChild` of a
 * registry.
 */
export interface ChildStart extends Checked {
  readonly type: 'child.start'
  readonly kind: string
  readonly name: string
  readonly argument: unknown
}

/** Stops a child and all its descendants. Made by the `stopChild` of a registry. */
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
  /**
   * Performs an effect through ports. Its result is sent to the actor as a message; a rejection
   * crashes the actor.
   */
  readonly perform: (
    effect: Effect,
    signal: AbortSignal,
  ) => Promise<Message | undefined> | Message | undefined
  /** The first message after every start and restart. */
  readonly first: Message
  readonly policy: ChildPolicy
  /** What this actor is told when a child of it is given up for a while. */
  readonly childGivenUp?: (child: {
    readonly kind: string
    readonly name: string
  }) => Message | undefined
  /** Shown in the tree, where an actor and those below it share more than their states. */
  readonly holds?: MemorySizes
}

/** A definition of which other code does not know the types. */
export type AnyDefinition = ActorDefinition<AnyState, AnyMessage, AnyMessage>

/** Hides the states and effects of an actor, and declares the messages that it accepts. */
export type Definition<Message> = AnyDefinition & Accepts<Message>

/** Hides the types of a definition, so that actors of all kinds fit into one table. */
export function define<
  State extends AnyState,
  Message extends AnyMessage,
  Effect extends AnyMessage,
>(definition: ActorDefinition<State, Message, Effect>): Definition<Message> {
  return definition as unknown as Definition<Message> // safe: the kernel passes only its own messages and effects to it
}

/** The effect that sends a message to another actor. */
export function tell<Message extends AnyMessage>(to: ActorRef<Message>, message: Message): Tell {
  return { type: 'tell', to: to.address, message: message as AnyMessage } as Tell
}
