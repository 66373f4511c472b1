/**
 * The table of a behaviour: in this state, after this message, it goes to that state and has those
 * effects.
 */
import test from 'ava'
import type { KernelEffect, Step } from '../../actors/kernel/behaviour.ts'

export interface Row<State, Message, Effect> {
  readonly title: string
  readonly state: State
  readonly message: Message
  /** The next state; left out when it stays the same. */
  readonly next?: State
  /** Left out when there is no effect. */
  readonly effects?: readonly Effect[]
}

/** One test for each row. */
export function testSteps<State, Message, Effect>(
  behaviour: (state: State, message: Message) => Step<State, Effect>,
  rows: readonly Row<State, Message, Effect>[],
): void {
  for (const { title, state, message, next = state, effects = [] } of rows) {
    test(title, (t) => {
      t.deepEqual(behaviour(state, message), [next, effects])
    })
  }
}

/** The effect that starts a timer. */
export const timer = <Message>(
  name: string,
  afterMs: number,
  message: Message,
): KernelEffect<Message> => ({ type: 'timer.start', name, afterMs, message })
