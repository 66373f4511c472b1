/** What the returner writes into the journal of a recovery is also announced. */
import type { Epoch } from '../../schema/ids.ts'
import type { NewEntry } from '../ports/store.ts'
import type { ReturnWorld } from './return-world.ts'

/** About one host. */
export interface ReturnEntry extends NewEntry {
  readonly step: 'return' | 'give-back'
}

/** Announced only once it is written: what was announced can be read back. */
export async function writeAndAnnounce(
  { store, announcer }: Pick<ReturnWorld, 'store' | 'announcer'>,
  epoch: Epoch,
  entry: ReturnEntry,
): Promise<void> {
  const { notification, subject, step, detail } = entry
  await store.appendJournal(epoch, entry)
  const about = { notification, host: subject, reason: detail }
  announcer.announce('recovery.stepped', { ...about, step, evidence: [] })
}
