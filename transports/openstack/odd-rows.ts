/**
 * Handles rows of OpenStack's lists that do not fit its API: each is left out with a warning, and
 * the rest of the list is read.
 */
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { LogPort } from '../../actors/ports/log.ts'
import { flawIn } from './answer-decoder.ts'

/** The most kinds of flaws that are logged. Rows of further kinds are only counted. */
const KINDS_MAX = 100

/** Counts odd rows, and logs the first of each kind. */
export class OddRows {
  readonly #log: Pick<LogPort, 'warn'>
  readonly #known = new Set<string>()
  #count = 0

  constructor(log: Pick<LogPort, 'warn'>) {
    this.#log = log
  }

  get count(): number {
    return this.#count
  }

  note(list: string, flaw: string): void {
    this.#count += 1
    const kind = `${list}: ${flaw}`
    if (this.#known.size >= KINDS_MAX || this.#known.has(kind)) return
    this.#known.add(kind)
    const text =
      'a row of a list is not as the API says, and is left out; more of the kind are counted'
    this.#log.warn({ list, flaw }, text)
  }
}

/** Checks the rows of one list one by one, and returns those that fit the schema. */
export function rowReader<Schema extends TSchema>(
  schema: Schema,
  list: string,
): (rows: readonly unknown[], odd: OddRows) => readonly Static<Schema>[] {
  const validator = Compile(schema)
  return (rows, odd) =>
    rows.filter((row): row is Static<Schema> => {
      if (validator.Check(row)) return true
      odd.note(list, flawIn(validator.Errors(row)))
      return false
    })
}

/** The text in a field of an unchecked row; undefined when there is none. */
export function textIn(row: unknown, field: string): string | undefined {
  if (typeof row !== 'object' || row === null) return undefined
  const value: unknown = Reflect.get(row, field)
  return typeof value === 'string' ? value : undefined
}
