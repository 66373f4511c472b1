/** Reads the state table at the top of a file of an actor. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const ACTORS = join(import.meta.dirname, '../../actors')

export interface Row {
  readonly from: string
  readonly event: string
  readonly to: string
}

/** A row for each state, event and next state: cells may list several of them. */
export function rowsOf(file: string): readonly Row[] {
  const [, , ...rows] = readFileSync(join(ACTORS, file), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(' * | '))
    .map((line) => line.split('|').map((cell) => cell.trim().split(', ')))
  return rows.flatMap(([, states = [], events = [], nexts = []]) =>
    states.flatMap((from) => events.flatMap((event) => nexts.map((to) => ({ from, event, to })))),
  )
}

/** The rows that lead to another state, as text, each once and in order. */
export function changesOf(rows: readonly Row[]): readonly string[] {
  const changes = rows.filter(({ from, to }) => from !== to)
  return [...new Set(changes.map(({ from, event, to }) => `${from}, ${event}: ${to}`))].toSorted()
}
