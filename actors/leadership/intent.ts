/**
 * The one way to do something irreversible: write the intent (which checks epoch, segment, maintenance and the
 * notification in the same transaction), ask our own clock whether we still lead, then act (promise I4).
 */
import type { Epoch } from '../../schema/ids.ts'
import type { NewEntry, RecoveryStore } from '../ports/store.ts'
import type { LeadershipTerm } from './leadership-term.ts'

export interface Acting {
  readonly store: RecoveryStore
  readonly term: LeadershipTerm
}

export type GuardedResult<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'refused'; readonly reason: string }

/** Throws what the store, the term (STALE_EPOCH) and `act` throw. */
export async function withIntent<Value>(
  acting: Acting,
  epoch: Epoch,
  entry: Omit<NewEntry, 'kind'>,
  act: () => Promise<Value>,
): Promise<GuardedResult<Value>> {
  const grant = await acting.store.recordIntent(epoch, entry)
  if (grant.kind === 'refused') return grant
  acting.term.assert(epoch)
  return { kind: 'done', value: await act() }
}
