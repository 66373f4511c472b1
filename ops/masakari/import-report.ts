/** What an import does or would do, a line for each row that it concerns, and the sums. */
import { field, print, printRows } from '../client/output.ts'
import { harmless, harmlessJson } from '../tap/harmless.ts'
import type { ImportedTable } from '../../schema/imported-rows.ts'

/** What happens to a row. `note` is a remark about a row that is taken. */
export type ImportAction = 'add' | 'change' | 'differs' | 'refused' | 'unfinished' | 'note'

/** One line. */
export interface ImportLine {
  readonly action: ImportAction
  readonly table: ImportedTable
  /** As in Masakari, whatever it holds. */
  readonly uuid: string
  readonly name: string
  /** Why, or which columns; empty for a row that is added. */
  readonly text: string
}

/** What is counted without a line for each row. */
export type Uncounted = 'same' | 'kept'

const NOUNS = {
  segments: 'segment',
  hosts: 'host',
  notifications: 'notification',
  vm_moves: 'move',
} as const satisfies Record<ImportedTable, string>

const TABLES: readonly ImportedTable[] = ['segments', 'hosts', 'notifications', 'vm_moves']

const OUTCOMES = [
  'add',
  'change',
  'same',
  'kept',
  'differs',
  'refused',
  'unfinished',
  'left',
] as const

/** Prints as it goes, and counts. */
export class ImportReport {
  readonly #isDry: boolean
  readonly #isJson: boolean
  readonly #counts = new Map<string, number>()
  readonly #left = new Map<string, number>()

  constructor({ isDry, isJson }: { readonly isDry: boolean; readonly isJson: boolean }) {
    this.#isDry = isDry
    this.#isJson = isJson
  }

  /** Says what happens to one row. */
  line(line: ImportLine): void {
    const { action, table, uuid, name, text } = line
    if (action !== 'note') this.count(table, action)
    const kind = NOUNS[table]
    if (this.#isJson) {
      print(harmlessJson({ action, dry_run: this.#isDry, kind, uuid, name, text }))
      return
    }
    const about = `${kind} ${harmless(name === '' ? uuid : `${name} (${uuid})`)}`
    const words = this.#isDry ? WOULD : DID
    print(`${words[action]} ${about}${text === '' ? '' : `: ${harmless(text)}`}`)
  }

  /** Counts a row that needs no line. */
  count(table: ImportedTable, outcome: ImportAction | Uncounted | 'left', rows = 1): void {
    const key = `${table} ${outcome}`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + rows)
  }

  /** Rows that nobody misses; they are told together at the end. */
  left(table: ImportedTable, reason: string): void {
    this.count(table, 'left')
    const key = `${NOUNS[table]}s that ${reason}`
    this.#left.set(key, (this.#left.get(key) ?? 0) + 1)
  }

  /** Whether something that Masakari shows is not here as it is there. */
  get isIncomplete(): boolean {
    return TABLES.some((table) =>
      (['differs', 'refused', 'unfinished'] as const).some((each) => this.#of(table, each) > 0),
    )
  }

  /** Prints the sums. */
  close(): void {
    const rows = TABLES.map((table) => {
      const counts = OUTCOMES.map((outcome) => [outcome, this.#of(table, outcome)] as const)
      return { kind: `${NOUNS[table]}s`, ...Object.fromEntries(counts) }
    })
    if (this.#isJson) {
      const left = Object.fromEntries(this.#left)
      print(harmlessJson({ action: 'sums', dry_run: this.#isDry, rows, left }))
      return
    }
    for (const [what, count] of this.#left) print(`left out: ${count} ${what}`)
    print('')
    printRows({ rows, columns: COLUMNS, empty: '', json: false })
    const changed = TABLES.some((table) => this.#of(table, 'add') + this.#of(table, 'change') > 0)
    print('')
    print(this.#conclusion(changed))
  }

  #conclusion(changed: boolean): string {
    if (this.#isDry) {
      return changed
        ? 'This was a dry run: nothing was changed.'
        : 'This was a dry run, and an import would change nothing.'
    }
    return changed ? 'Imported. Run it again at any time.' : 'Nothing was changed.'
  }

  #of(table: ImportedTable, outcome: (typeof OUTCOMES)[number]): number {
    return this.#counts.get(`${table} ${outcome}`) ?? 0
  }
}

const COLUMNS = [
  field('kind', ''),
  field('add', 'added'),
  field('change', 'changed'),
  field('same', 'here already'),
  field('kept', 'changed here'),
  field('differs', 'differ'),
  field('refused', 'not imported'),
  field('unfinished', 'not ended'),
  field('left', 'left out'),
]

const REFUSALS = {
  differs: 'not changed',
  refused: 'not imported',
  unfinished: 'not imported',
  note: 'note:',
} as const

const DID: Readonly<Record<ImportAction, string>> = { ...REFUSALS, add: 'added', change: 'changed' }
const WOULD: Readonly<Record<ImportAction, string>> = {
  ...REFUSALS,
  add: 'would add',
  change: 'would change',
}
