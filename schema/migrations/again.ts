/** A migration that was cut off runs again, and MySQL has no IF NOT EXISTS for columns and indices. */

/** Does it, or finds it done: SQLite, MySQL and MariaDB each say so. */
export async function unlessDone(step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (error) {
    if (!isDone(error)) throw error
  }
}

/** A column: `duplicate column name`; an index: `index … already exists`, `Duplicate key name …`. */
const isDone = (error: unknown): boolean =>
  error instanceof Error &&
  /duplicate column name|already exists|duplicate key name/i.test(error.message)
