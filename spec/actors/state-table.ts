/**
 * Reads the state table at the top of an actor's file, and plays a behaviour to compare it with.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

const ACTORS = join(import.meta.dirname, '../../actors')

/** In this state, after this event, the behaviour goes to that state. */
export interface Transition {
  readonly from: string
  readonly event: string
  readonly to: string
}

export interface Row extends Transition {
  readonly when: string
}

/** The cells of the table at the top of a file, row by row, its head first. */
export function tableOf(file: string): readonly (readonly string[])[] {
  const lines = readFileSync(join(ACTORS, file), 'utf8').split('\n')
  const [head, , ...rows] = lines
    .filter((line) => line.startsWith(' * | '))
    .map((line) => line.split('|').slice(1, -1))
  return [head ?? [], ...rows].map((cells) => cells.map((cell) => cell.trim()))
}

/** A row for each state, event and next state: a cell may list several of them. */
export function rowsOf(file: string): readonly Row[] {
  const [, ...rows] = tableOf(file)
  return rows.flatMap(([states = '', events = '', nexts = '', when = '']) =>
    states
      .split(', ')
      .flatMap((from) =>
        events
          .split(', ')
          .flatMap((event) => nexts.split(', ').map((to) => ({ from, event, to, when }))),
      ),
  )
}

/** As text, each once and in order. */
export const textOf = (all: readonly Transition[]): readonly string[] =>
  [...new Set(all.map(({ from, event, to }) => `${from}, ${event}: ${to}`))].toSorted()

/** Those that lead to another state, as text, each once and in order. */
export const changesOf = (all: readonly Transition[]): readonly string[] =>
  textOf(all.filter(({ from, to }) => from !== to))

/**
 * What behaviours do with every message in every state, without steps that change nothing and have
 * no effect.
 */
export function stepsOf<
  State extends { readonly kind: string },
  Message extends { readonly type: string },
>(
  behaviours: readonly ((state: State, message: Message) => readonly [State, readonly unknown[]])[],
  states: readonly State[],
  messages: readonly Message[],
): readonly Transition[] {
  const steps: Transition[] = []
  for (const behaviour of behaviours) {
    for (const state of states) {
      for (const message of messages) {
        const [next, effects] = behaviour(state, message)
        if (effects.length === 0 && isDeepStrictEqual(next, state)) continue
        steps.push({ from: state.kind, event: message.type, to: next.kind })
      }
    }
  }
  return steps
}
