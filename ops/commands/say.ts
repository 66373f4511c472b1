/** `say`: an operator's word about the recovery of a host, which the records keep with his name. */
import { parseArgs } from 'node:util'
import type { StorePort } from '../../actors/ports/store.ts'
import { hostName, type NotificationId } from '../../schema/ids.ts'
import { OPERATOR_WORDS } from '../../schema/records.ts'
import { withStore } from '../with-store.ts'

/** Exit statuses: 0 said; 1 the store is away, or nothing is going on about the host; 2 the arguments cannot be used. */
export async function say(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { config: { type: 'string' }, by: { type: 'string' }, reason: { type: 'string' } },
  })
  const { config, by: operator = '', reason = '' } = values
  const word = OPERATOR_WORDS.find((each) => each === positionals[0])
  const host = positionals[1]
  if (word === undefined || host === undefined || operator === '' || reason === '') {
    const words = OPERATOR_WORDS.join(' | ')
    process.stderr.write(`say ${words} HOST --by NAME --reason TEXT --config FILE\n`)
    return 2
  }
  let found: NotificationId | undefined
  const status = await withStore(config, async ({ store }) => {
    found = await findRecovery(store, host)
    if (found === undefined) return
    await store.sayWord({ notification: found, word, operator, reason })
    process.stdout.write(`${operator} says ${word} about ${host}, recovery ${found}\n`)
  })
  if (status !== 0 || found !== undefined) return status
  process.stderr.write(`there is no recovery of ${host} that waits for a word\n`)
  return 1
}

/** The recovery that is going on about the host, or the ended one that still holds it. */
async function findRecovery(store: StorePort, name: string): Promise<NotificationId | undefined> {
  const host = await store.findHost(hostName(name))
  const unfinished = await store.listUnfinished()
  const open = unfinished.filter(
    ({ notification }) =>
      notification.type === 'COMPUTE_HOST' && notification.sourceHost === host?.uuid,
  )
  return open.at(-1)?.notification.uuid ?? host?.maintenanceBy ?? undefined
}
