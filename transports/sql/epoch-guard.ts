/**
 * Allows writes only to the acting leader: each write first takes the lock of the leadership row by
 * its epoch.
 */
import { sql, type Transaction } from 'kysely'
import type { LeadershipStore } from '../../actors/ports/store.ts'
import { CodedError, StaleEpochError } from '../../schema/errors.ts'
import { epoch, type Epoch } from '../../schema/ids.ts'
import type { Database } from '../../schema/tables.ts'
import { Together } from './together.ts'
import type { StorePorts, Transactions } from './transactions.ts'

/** Runs work in one transaction that holds the epoch until it ends. */
export type GuardedWrite = <Result>(
  epoch: Epoch,
  work: (trx: Transaction<Database>) => Promise<Result>,
) => Promise<Result>

interface GuardedCall {
  readonly epoch: Epoch
  readonly work: (trx: Transaction<Database>) => Promise<void>
}

/**
 * Throws StaleEpochError (STALE_EPOCH) with the epoch, and writes nothing, when the epoch is not
 * the current one. All writes wait for the same row, so those that wait are done in one transaction.
 */
export function epochGuard(transactions: Transactions): GuardedWrite {
  const writeAll = (calls: readonly GuardedCall[]): Promise<readonly void[]> =>
    transactions.write(async (trx) => {
      let held: Epoch | undefined
      for (const { epoch, work } of calls) {
        if (epoch !== held) await holdEpoch(trx, epoch)
        held = epoch
        await work(trx)
      }
      return calls.map(() => undefined)
    })
  // A second transaction would only wait for the row of the first.
  const writes = new Together<GuardedCall, void>(writeAll, 1)
  return async <Result>(epoch: Epoch, work: (trx: Transaction<Database>) => Promise<Result>) => {
    let results: readonly Result[] = []
    const keep = async (trx: Transaction<Database>): Promise<void> => {
      results = [await work(trx)]
    }
    await writes.carryOut({ epoch, work: keep })
    const [result] = results
    return result as Result // the work has ended
  }
}

async function holdEpoch(trx: Transaction<Database>, epoch: Epoch): Promise<void> {
  // The row must really change, because Galera certifies changes, not locks.
  const held = await trx
    .updateTable('leadership')
    .set({ revision: sql`revision + 1` })
    .where('epoch', '=', epoch)
    .executeTakeFirst()
  if (held.numUpdatedRows !== 1n) {
    throw new StaleEpochError(epoch, `epoch ${epoch} is not the current one`)
  }
}

/** Reads and claims the epoch. */
export function leadershipStore(
  transactions: Transactions,
  { clock }: StorePorts,
): LeadershipStore {
  return {
    claimEpoch: (holder) =>
      transactions.write(async (trx) => {
        const current = await readEpoch(trx)
        const next = epoch(current + 1)
        const claimed = await trx
          .updateTable('leadership')
          .set({ epoch: next, holder, claimed_at: clock.wallMs() })
          .where('epoch', '=', current)
          .executeTakeFirst()
        if (claimed.numUpdatedRows !== 1n) {
          throw new CodedError('STORE_CONFLICT', `epoch ${next} was claimed by somebody else`)
        }
        return next
      }),

    currentEpoch: () => transactions.read(readEpoch),
  }
}

async function readEpoch(db: Pick<Transaction<Database>, 'selectFrom'>): Promise<Epoch> {
  const row = await db.selectFrom('leadership').select('epoch').executeTakeFirstOrThrow()
  return epoch(row.epoch)
}
