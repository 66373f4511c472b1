/** Answers of the API for people, as tables, and for programs, as JSON. */
import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'
import { harmless, harmlessJson } from '../tap/harmless.ts'
import { paintFor, type Paint } from '../tap/tap-line.ts'
import type { Row } from './api.ts'

/** A column of a table, or a line about one object. */
export interface Column {
  readonly title: string
  readonly of: (row: Row) => unknown
}

/** A column that shows one field of the answer. */
export const field = (key: string, title: string = key.replaceAll('_', ' ')): Column => ({
  title,
  of: (row) => row[key],
})

/** A column with a time of the API, which is in UTC, to the second. */
export const time = (key: string, title: string = key.replaceAll('_', ' ')): Column => ({
  title: `${title} (UTC)`,
  of: (row) => {
    const value = row[key]
    return typeof value === 'string' ? value.slice(0, 19).replace('T', ' ') : value
  },
})

interface Listing {
  readonly rows: readonly Row[]
  readonly columns: readonly Column[]
  /** Said when there are no rows. */
  readonly empty: string
  readonly json: boolean
}

/** Prints rows. */
export function printRows({ rows, columns, empty, json }: Listing): void {
  if (json) print(harmlessJson(rows))
  else if (rows.length === 0) print(empty)
  else {
    const paint = paintFor(process.stdout)
    const head = columns.map(({ title }) => paint('bold', title))
    const cells = rows.map((row) => columns.map(({ of }) => cellOf(of(row), paint)))
    print(layOut([head, ...cells], process.stdout.columns))
  }
}

/** Prints one object, a line for each of its fields. */
export function printRow(row: Row, columns: readonly Column[], json: boolean): void {
  const paint = paintFor(process.stdout)
  if (json) print(harmlessJson(row))
  else
    print(
      layOut(
        columns.map(({ title, of }) => [paint('bold', title), cellOf(of(row), paint)]),
        process.stdout.columns,
      ),
    )
}

/** Prints one line. */
export const print = (line: string): void => void process.stdout.write(`${line}\n`)

const NOTHING = ''
/** Columns with two spaces between them, and no frame. */
const CHARS = {
  top: NOTHING,
  'top-mid': NOTHING,
  'top-left': NOTHING,
  'top-right': NOTHING,
  bottom: NOTHING,
  'bottom-mid': NOTHING,
  'bottom-left': NOTHING,
  'bottom-right': NOTHING,
  left: NOTHING,
  'left-mid': NOTHING,
  mid: NOTHING,
  'mid-mid': NOTHING,
  right: NOTHING,
  'right-mid': NOTHING,
  middle: '  ',
}

/** Aligned columns. Wide characters count twice. On a terminal, the longest texts are wrapped so that a row fits its width. */
function layOut(rows: readonly (readonly string[])[], width: number | undefined): string {
  const style = { 'padding-left': 0, 'padding-right': 0, head: [], border: [] }
  const colWidths = width === undefined ? [] : [...widthsFor(rows, width)]
  const table = new Table({ chars: CHARS, style, colWidths, wordWrap: true })
  table.push(...rows.map((row) => [...row]))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Names and uuids are never wrapped, so that they can be copied. */
const UNWRAPPED = 36

/** Null for a column that has all the room that it needs. */
function widthsFor(
  rows: readonly (readonly string[])[],
  width: number,
): readonly (number | null)[] {
  const count = rows[0]?.length ?? 0
  const needed = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => stripVTControlCharacters(row[column] ?? '').length)),
  )
  const given = [...needed]
  const room = width - CHARS.middle.length * (count - 1)
  const total = (): number => given.reduce((sum, each) => sum + each, 0)
  while (total() > room) {
    const widest = given.indexOf(Math.max(...given))
    if ((given[widest] ?? 0) <= UNWRAPPED) break
    given[widest] = (given[widest] ?? 0) - 1
  }
  return given.map((each, column) => (each === needed[column] ? null : each))
}

const GOOD = new Set(['finished', 'succeeded', 'alive', 'move', 'well'])
const BAD = new Set(['failed', 'error', 'dead', 'misconfigured', 'broken'])
const WAITING = new Set([
  'new',
  'running',
  'pending',
  'ongoing',
  'suspect',
  'hold',
  'wait',
  'blind',
])

/** A value as one line. Known states have their colour. */
function cellOf(value: unknown, paint: Paint): string {
  const text = harmless(textOf(value))
  if (GOOD.has(text)) return paint('green', text)
  if (BAD.has(text)) return paint('red', text)
  return WAITING.has(text) ? paint('yellow', text) : text
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
