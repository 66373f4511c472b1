/** The table at the top of a file that decides what follows from an answer: each of its rows has cases, and each case a row. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { PeriodicDecision } from '../../actors/kernel/periodic.ts'

const ACTORS = join(import.meta.dirname, '../../actors')

export interface Case<Memory, Task, Answer> {
  readonly title: string
  /** What was remembered; left out when nothing was. */
  readonly memory?: Memory
  readonly answer: Answer
  /** Left out when there is nothing to do. */
  readonly tasks?: readonly Task[]
  /** Left out when the part goes on. */
  readonly ends?: 'end-part' | 'end-round'
  /** What is remembered then; left out when it stays as it was. */
  readonly next?: Memory
}

export interface Decider<Memory, Answer, Task> {
  /** Where the table is. */
  readonly file: string
  readonly initial: Memory
  readonly decide: (memory: Memory, answer: Answer) => PeriodicDecision<Memory, Task>
}

/** One test for each case, by the rows of the table, and one for the table. */
export function testDecisions<Memory, Task, Answer>(
  { file, initial, decide }: Decider<Memory, Answer, Task>,
  rows: Readonly<Record<string, readonly Case<Memory, Task, Answer>[]>>,
): void {
  const text = readFileSync(join(ACTORS, file), 'utf8')
  const table = [...text.matchAll(/^ \* {2}(\S.* → .*)$/gm)].map(([, row = '']) => row)

  test(`each row of the table of ${file} has its cases`, (t) => {
    t.deepEqual(Object.keys(rows), table)
    for (const [row, cases] of Object.entries(rows)) t.true(cases.length > 0, row)
  })

  for (const [row, cases] of Object.entries(rows)) {
    for (const { title, memory = initial, answer, tasks = [], ends, next = memory } of cases) {
      test(`${row} (${title})`, (t) => {
        const decision: PeriodicDecision<Memory, Task> =
          ends === undefined ? { kind: 'go-on', memory: next, tasks } : { kind: ends, memory: next }
        t.deepEqual(decide(memory, answer), decision)
      })
    }
  }
}
