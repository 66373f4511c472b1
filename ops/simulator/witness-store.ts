/** Tells the checker what a process has written to the store, after the store has accepted it. */
import type { StorePort } from '../../actors/ports/store.ts'
import { notificationId } from '../../schema/ids.ts'
import type { InvariantChecker } from './invariant-checker.ts'

/** Methods of a store that change nothing. */
export const READS = /^(get|list|read|find|current|ping)/

/** One call that was answered. */
interface Written {
  readonly node: string
  readonly method: string
  readonly parameters: readonly unknown[]
  readonly answer: unknown
}

/** The calls that this makes to the store itself are not disturbed. */
export async function witnessStore(
  checker: InvariantChecker,
  store: StorePort,
  { node, method, parameters, answer }: Written,
): Promise<void> {
  const [first, second] = parameters
  // Only the writes of a leader begin with a number: its epoch.
  if (typeof first === 'number' && answer !== false && !READS.test(method))
    checker.wrote(node, method)
  switch (method) {
    case 'claimEpoch':
      return checker.claimed(node, Number(answer))
    case 'recordIntent':
      return witnessIntent(checker, second)
    case 'saveCertificate': {
      const host = await nameOf(store, fieldOf(first, 'host'))
      const recovery = fieldOf(first, 'notification')
      return host === undefined ? undefined : checker.certified(node, host, String(recovery))
    }
    case 'recordTransition': {
      if (answer !== true || !ENDED.has(fieldOf(second, 'to'))) return
      const id = notificationId(String(fieldOf(second, 'notification')))
      const ended = await store.getNotification(id)
      const host = await nameOf(store, ended?.sourceHost)
      return host === undefined ? undefined : checker.recoveryEnds(host)
    }
    case 'releaseHost': {
      const host = await nameOf(store, second)
      return host === undefined ? undefined : checker.hostReturns(host)
    }
  }
}

const ENDED: ReadonlySet<unknown> = new Set(['finished', 'ignored', 'failed'])

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

async function nameOf(store: StorePort, id: unknown): Promise<string | undefined> {
  return (await store.listAllHosts()).find(({ uuid }) => uuid === id)?.name
}

function witnessIntent(checker: InvariantChecker, entry: unknown): void {
  if (fieldOf(entry, 'step') !== 'restart') return
  checker.restarts(String(fieldOf(entry, 'subject')), String(fieldOf(entry, 'notification')))
}
