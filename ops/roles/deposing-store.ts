/** A store that tells the lease holder at once when a newer leader's epoch has made a write void. */
import type { StorePort } from '../../actors/ports/store.ts'
import { isCoded } from '../../schema/errors.ts'
import { epoch, type Epoch } from '../../schema/ids.ts'

/** Passes everything on; STALE_EPOCH is reported with the epoch that was refused, and thrown all the same. */
export function deposingStore(store: StorePort, depose: (refused: Epoch) => void): StorePort {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...parameters: readonly unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, parameters)
        const named = epochOf(parameters[0])
        if (answer instanceof Promise && named !== undefined) watch(answer, () => depose(named))
        return answer
      }
    },
  })
}

/** Recovery writes name their epoch first, or carry it in the certificate that they save. */
function epochOf(first: unknown): Epoch | undefined {
  if (typeof first === 'number') return epoch(first)
  const carried: unknown =
    typeof first === 'object' && first !== null && 'epoch' in first ? first.epoch : null
  return typeof carried === 'number' ? epoch(carried) : undefined
}

function watch(answer: Promise<unknown>, onStale: () => void): void {
  answer.catch((error: unknown) => {
    if (isCoded(error, 'STALE_EPOCH')) onStale()
  })
}
