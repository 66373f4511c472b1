/**
 * Locks of servers, with the reasons that Nova keeps since Train (API reference, microversion
 * 2.73).
 */
import type { ComputePort } from '../../actors/ports/compute.ts'
import { isCoded } from '../../schema/errors.ts'
import type { ComputeApi } from './compute-api.ts'
import { decodeLock, serverPath } from './nova-answers.ts'

const MICROVERSION = '2.73'

/** The locking part of the Compute port. */
export function novaLocks(api: ComputeApi): Pick<ComputePort, 'lock' | 'readLock' | 'unlock'> {
  return {
    async lock(id, reason, signal) {
      const path = `${serverPath(id)}/action`
      const body = { lock: { locked_reason: reason } }
      const call = { method: 'POST', path, body, microversion: MICROVERSION } as const
      await api.call({ ...call, repeat: 'harmless' }, signal)
    },
    async readLock(id, signal) {
      const call = { method: 'GET', path: serverPath(id), microversion: MICROVERSION } as const
      try {
        const text = await api.call({ ...call, repeat: 'harmless' }, signal)
        const { locked, locked_reason: reason } = decodeLock(text).server
        return locked ? reason : undefined
      } catch (error) {
        if (isCoded(error, 'COMPUTE_NOT_FOUND')) return undefined
        throw error
      }
    },
    async unlock(id, signal) {
      const path = `${serverPath(id)}/action`
      await api.call({ method: 'POST', path, body: { unlock: null }, repeat: 'never' }, signal)
    },
  }
}
