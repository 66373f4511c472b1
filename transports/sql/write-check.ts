/** Checks whether the database accepts writes: a full or read-only one still answers every read. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Transactions } from './transactions.ts'

/** A successful write counts for so long, ms, so that readiness may be asked at any rate. */
const BELIEVED_MS = 5000

/** Larger than the free space in the pages of a table, so that the row needs room on the disk. */
const FILLING = ' '.repeat(32_768)

/** STORE_FULL, STORE_READ_ONLY, STORE_UNAVAILABLE. Leaves nothing in the database. */
export function writeCheck(transactions: Transactions, clock: ClockPort): () => Promise<void> {
  let believedUntilMs = -Infinity
  return async () => {
    if (clock.monotonicMs() < believedUntilMs && !transactions.lastWriteFailed()) return
    await transactions.write(async (trx) => {
      const row = { filling: FILLING }
      const { insertId } = await trx
        .insertInto('write_checks')
        .values(row)
        .executeTakeFirstOrThrow()
      await trx.deleteFrom('write_checks').where('id', '=', Number(insertId)).execute()
    })
    believedUntilMs = clock.monotonicMs() + BELIEVED_MS
  }
}
