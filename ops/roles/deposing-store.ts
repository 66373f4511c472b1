/**
 * A store that tells the lease holder at once when a write was refused because a newer leader's
 * epoch is stored.
 */
import type { StorePort } from '../../actors/ports/store.ts'
import { StaleEpochError } from '../../schema/errors.ts'
import type { Epoch } from '../../schema/ids.ts'

/**
 * Passes every call on. When the store refuses an epoch, the refused epoch is reported, and the
 * error is thrown as before.
 */
export function deposingStore(store: StorePort, depose: (refused: Epoch) => void): StorePort {
  const report = (error: unknown): void => {
    if (error instanceof StaleEpochError) depose(error.epoch)
  }
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...parameters: readonly unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, parameters)
        if (answer instanceof Promise) answer.catch(report)
        return answer
      }
    },
  })
}
