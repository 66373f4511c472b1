/** `trace NOTIFICATION`: the whole story of a recovery with times, from what the store has; also days later. */
import { sleep } from '../../actors/ports/clock.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import { isUuid, notificationId, type NotificationId } from '../../schema/ids.ts'
import { shownName } from '../../schema/nearest-name.ts'
import type { VmMove } from '../../schema/records.ts'
import { findRecovery } from '../find-recovery.ts'
import { isUnfinished, storySteps, type Recorded } from '../story/story-steps.ts'
import { storyTeller, summaryOf } from '../story/story-text.ts'
import { untilEnded } from '../tap/output.ts'
import { paintFor } from '../tap/tap-line.ts'
import { withStore, type StoreWork } from '../with-store.ts'

/** How often the store is read again, ms. */
const READ_AGAIN_MS = 1000
/** Moves that are read at once. */
const PAGE = 1000

interface TraceRequest {
  readonly config: string
  /** A notification, its trace id, or a host. */
  readonly recovery: string
  readonly follow: boolean
}

/**
 * Exit statuses: 0 printed; 1 there is no such recovery, or the store is not available; 2 the
 * configuration cannot be used.
 */
export async function trace({ config, recovery: named, follow }: TraceRequest): Promise<number> {
  let isFound = false
  const status = await withStore(config, async (work) => {
    const uuid = await recoveryOf(work.store, named)
    isFound = uuid !== undefined && (await tell(work, uuid, follow))
  })
  if (status !== 0 || isFound) return status
  process.stderr.write(`there is no recovery of ${shownName(named)}\n`)
  return 1
}

/** By its uuid, by its trace id, or the latest one of a host. */
async function recoveryOf(store: StorePort, named: string): Promise<NotificationId | undefined> {
  const uuid = named
    .toLowerCase()
    .replace(
      /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/,
      '$1-$2-$3-$4-$5',
    )
  return isUuid(uuid) ? notificationId(uuid) : findRecovery(store, named, 'retry')
}

/** False when there is no such notification. */
async function tell(
  { store, clock }: StoreWork,
  uuid: NotificationId,
  follows: boolean,
): Promise<boolean> {
  const ended = untilEnded()
  const teller = storyTeller(paintFor(process.stdout))
  for (;;) {
    const recorded = await read(store, uuid)
    if (recorded === undefined) return false
    const steps = storySteps(recorded)
    for (const line of teller(recorded, steps)) print(line)
    if (!follows || !isUnfinished(recorded.notification) || ended.aborted) {
      for (const line of summaryOf(steps)) print(line)
      return true
    }
    await sleep(clock, READ_AGAIN_MS, ended)
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function read(store: StorePort, uuid: NotificationId): Promise<Recorded | undefined> {
  const notification = await store.getNotification(uuid)
  if (notification === undefined) return undefined
  const host = await store.getHost(notification.segment, notification.sourceHost)
  return {
    notification,
    hostName: host?.name ?? notification.sourceHost,
    journal: await store.listJournal(uuid),
    certificate: await store.getCertificate(uuid),
    moves: await allMoves(store, uuid),
    attempts: await store.listAttempts(uuid),
  }
}

async function allMoves(store: StorePort, uuid: NotificationId): Promise<readonly VmMove[]> {
  const moves: VmMove[] = []
  for (;;) {
    const marker = moves.at(-1)
    const sort = [{ key: 'id', direction: 'asc' }] as const
    const after = marker === undefined ? {} : { marker: String(marker.id) }
    const page = await store.listMoves({ notification: uuid }, { limit: PAGE, sort, ...after })
    moves.push(...page)
    if (page.length < PAGE) return moves
  }
}
