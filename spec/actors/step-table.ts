/** A behaviour's table: in this state, told this message, it goes to that state and asks for those effects. */
import test from 'ava'
import type { KernelEffect, Step } from '../../actors/kernel/behaviour.ts'

export interface Row<State, Message, Effect> {
  readonly title: string
  readonly state: State
  readonly message: Message
  /** The state that follows; left out when it stays as it is. */
  readonly next?: State
  /** Left out when nothing is to be done. */
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
