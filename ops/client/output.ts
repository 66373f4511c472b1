/** Answers of the API for people, as tables, and for programs, as JSON. */
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
    print(layOut([head, ...cells]))
  }
}

/** Prints one object, a line for each of its fields. */
export function printRow(row: Row, columns: readonly Column[], json: boolean): void {
  const paint = paintFor(process.stdout)
  if (json) print(harmlessJson(row))
  else print(layOut(columns.map(({ title, of }) => [paint('bold', title), cellOf(of(row), paint)])))
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

/** Aligned columns. Wide characters count twice. */
export function layOut(rows: readonly (readonly string[])[]): string {
  const style = { 'padding-left': 0, 'padding-right': 0, head: [], border: [] }
  const table = new Table({ chars: CHARS, style })
  table.push(...rows.map((row) => [...row]))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
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
