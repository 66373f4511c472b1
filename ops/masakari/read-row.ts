/** Reads the columns of a row of Masakari, and notes what is wrong with them. Pure. */
import { isUuid } from '../../schema/ids.ts'
import type { MasakariRow } from '../../transports/sql/masakari-source.ts'
import { parseTime } from '../../gateway/views/times.ts'

/** As the API requires it of names: printable, without white space at either end. */
const NAME = /^(?!\p{Z})[^\p{C}\p{Zl}\p{Zp}]{1,255}(?<!\p{Z})$/u
const TEXT = /^(?:[^\p{C}\p{Zl}\p{Zp}]|[\n\r\t])*$/u
/** The largest integer of a column with 32 bits. */
const ID_MAX = 2_147_483_647

/** One row. Its problems are collected in sentences that name the column. */
export class RowReader {
  readonly #row: MasakariRow
  readonly problems: string[] = []

  constructor(row: MasakariRow) {
    this.#row = row
  }

  /** The id and the times of a row. */
  stamp() {
    const id = Number(this.#row['id'])
    if (!Number.isInteger(id) || id < 1 || id > ID_MAX) this.#problem('id', `is not 1 to ${ID_MAX}`)
    const deleted = this.#row['deleted'] === null ? Number.NaN : Number(this.#row['deleted'])
    if (deleted !== 0 && deleted !== id) {
      this.#problem('deleted', 'is neither 0 nor its id, so Masakari does not show it')
    }
    return {
      id,
      created_at: this.time('created_at'),
      updated_at: this.timeOrNull('updated_at'),
      deleted_at: this.timeOrNull('deleted_at'),
      deleted,
    }
  }

  get isDeleted(): boolean {
    return Number(this.#row['deleted'] ?? 0) !== 0
  }

  uuid(column: string): string {
    const value = this.#row[column]
    if (typeof value === 'string' && isUuid(value) && value === value.toLowerCase()) return value
    this.#problem(column, 'is not a uuid in small letters')
    return ''
  }

  name(column: string): string {
    const value = this.#row[column]
    if (typeof value === 'string' && NAME.test(value)) return value
    this.#problem(column, 'is not 1 to 255 printable characters without blanks at its ends')
    return ''
  }

  text(column: string): string {
    const value = this.#row[column]
    if (typeof value === 'string' && TEXT.test(value)) return value
    this.#problem(column, 'is not a printable text')
    return ''
  }

  textOrNull(column: string): string | null {
    return this.#row[column] === null ? null : this.text(column)
  }

  /** A text that fits the pattern; the words say which one. */
  matching(column: string, pattern: RegExp, words: string): string {
    const value = this.#row[column]
    if (typeof value === 'string' && pattern.test(value)) return value
    this.#problem(column, words)
    return ''
  }

  oneOf<Word extends string>(column: string, words: readonly [Word, ...Word[]]): Word {
    const found = words.find((word) => word === this.#row[column])
    if (found === undefined) this.#problem(column, `is not one of ${words.join(', ')}`)
    return found ?? words[0]
  }

  /** 0 or 1. NULL counts as the value that Masakari gives to new rows. */
  flag(column: string, unsaid: 0 | 1): number {
    const value = this.#row[column] ?? unsaid
    if (value === 0 || value === 1) return value
    this.#problem(column, 'is not 0 or 1')
    return unsaid
  }

  time(column: string): number {
    const value = this.#row[column]
    const ms = typeof value === 'string' ? parseTime(value) : undefined
    if (ms === undefined) this.#problem(column, 'is not a time from 1970 to 9999')
    return ms ?? 0
  }

  timeOrNull(column: string): number | null {
    return this.#row[column] === null ? null : this.time(column)
  }

  /** JSON of an object whose values are texts. */
  texts(column: string): Readonly<Record<string, string>> {
    const value = objectIn(this.#row[column])
    const entries = Object.entries(value ?? {})
    const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    if (value === undefined || texts.length < entries.length) {
      this.#problem(column, 'is not a JSON object of texts')
    }
    return Object.fromEntries(texts)
  }

  #problem(column: string, text: string): void {
    this.problems.push(`its ${column} ${text}`)
  }
}

function objectIn(value: unknown): object | undefined {
  try {
    const read: unknown = typeof value === 'string' ? JSON.parse(value) : undefined
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? read : undefined
  } catch {
    return undefined // told by the caller
  }
}
