/** What the returner remembers from one round to the next, of each host or of each change in the ledger. Pure. */
import { withEntry } from '../kernel/with-entry.ts'
import type { ServiceRow } from './heartbeats.ts'

export interface Remembered<Subject> {
  /** What it waited for, or what was done, when we last looked: said once. */
  readonly said: ReadonlyMap<Subject, string>
  /** The row of its compute service when we last looked. */
  readonly rows: ReadonlyMap<Subject, ServiceRow>
}

/** At the start, and after a crash. */
export const nothingRemembered = <Subject>(): Remembered<Subject> => ({
  said: new Map(),
  rows: new Map(),
})

/** Forgets what is not looked after any more. */
export function onlyOf<Subject>(
  { said, rows }: Remembered<Subject>,
  subjects: readonly Subject[],
): Remembered<Subject> {
  const kept = new Set(subjects)
  return { said: keptOf(said, kept), rows: keptOf(rows, kept) }
}

const keptOf = <Subject, Value>(
  map: ReadonlyMap<Subject, Value>,
  kept: ReadonlySet<Subject>,
): ReadonlyMap<Subject, Value> => new Map([...map].filter(([subject]) => kept.has(subject)))

/** Keeps what was said last. */
export const withSaid = <Subject>(
  memory: Remembered<Subject>,
  subject: Subject,
  detail: string,
): Remembered<Subject> => ({ ...memory, said: withEntry(memory.said, subject, detail) })

/** Keeps the row that was seen last; a service that is gone leaves the row of before. */
export const withRow = <Subject>(
  memory: Remembered<Subject>,
  subject: Subject,
  row: ServiceRow | undefined,
): Remembered<Subject> =>
  row === undefined ? memory : { ...memory, rows: withEntry(memory.rows, subject, row) }
