/**
 * Helps a migration that was interrupted to run again: MySQL has no IF NOT EXISTS for columns and
 * indices.
 */

/**
 * Runs the statement, and ignores the error of SQLite, MySQL or MariaDB that it was already done.
 */
export async function unlessDone(step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (error) {
    if (!isDone(error)) throw error
  }
}

/**
 * For a column: `duplicate column name`; for an index: `index … already exists`, `Duplicate key
 * name …`.
 */
const isDone = (error: unknown): boolean =>
  error instanceof Error &&
  /duplicate column name|already exists|duplicate key name/i.test(error.message)
