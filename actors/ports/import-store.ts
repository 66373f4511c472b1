/** The part of the store that takes rows of Masakari over. Only the command that imports uses it. */
import type { ImportedRows, ImportedTable, ImportOutcome } from '../../schema/imported-rows.ts'

/**
 * The outcomes are in the order of the rows. The rows of one call must have different uuids, and what
 * they refer to is imported before them.
 */
export interface ImportStore {
  /** What `importRows` would do. It writes nothing, and accepts a database without any table. */
  previewImport<Table extends ImportedTable>(
    table: Table,
    rows: readonly ImportedRows[Table][],
  ): Promise<readonly ImportOutcome[]>
  /**
   * Adds and changes rows, all or none of this call. The settings of a host are brought with its row, sealed, and never changed
   * afterwards.
   */
  importRows<Table extends ImportedTable>(
    table: Table,
    rows: readonly ImportedRows[Table][],
    seal: (text: string) => string,
  ): Promise<readonly ImportOutcome[]>
}
