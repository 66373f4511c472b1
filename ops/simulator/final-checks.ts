/**
 * Checks the end of a simulated run: no instance is lost, no change is left behind, and everything
 * has a reason.
 */
import type { StorePort } from '../../actors/ports/store.ts'
import type { Host, Notification, VmMove } from '../../schema/records.ts'
import { controlOf, type Control } from '../../schema/recovery-control.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import type { Deployment } from './deployment.ts'
import { checkInstances } from './instance-checks.ts'
import { checkLedger } from './ledger-checks.ts'
import { checkLeftStopped } from './left-stopped-checks.ts'
import { checkRefusals } from './refusal-checks.ts'
import { hasPlace } from './room.ts'

const ENDED: readonly string[] = ['finished', 'ignored', 'failed']
const MOVE_ENDED: readonly string[] = ['succeeded', 'ignored', 'failed']
/**
 * A few messages to actors that have just stopped are normal; more than this number in one run are
 * not.
 */
const DEAD_LETTERS_MAX = 500
const EVERYTHING = { limit: 10_000, sort: [{ key: 'created_at', direction: 'asc' }] } as const

/** One recovery with everything that was recorded about it. */
interface Account {
  readonly notification: Notification
  readonly host: Host | undefined
  readonly moves: readonly VmMove[]
  readonly control: Control['kind']
}

/** What happened in a run, for the summary. */
export interface Tally {
  readonly recoveries: number
  readonly moved: number
}

/**
 * Every broken promise, one sentence each, and the totals of the run. `touched` are guests that the
 * plan itself has damaged.
 */
export async function checkAtRest(
  deployment: Deployment,
  touched: ReadonlySet<string>,
): Promise<{ readonly violations: readonly string[]; readonly tally: Tally }> {
  const all = await readAccounts(deployment.store)
  // While a recovery waits for room, the storm guard may hold other recoveries.
  const waiting = all.filter((account) => isWaiting(deployment, account))
  const held = waiting.length > 0 ? all.filter(isNew) : []
  const accounts = all.filter((account) => !held.includes(account))
  const violations: string[] = []
  for (const account of accounts) {
    violations.push(
      ...checkEnded(deployment, account),
      ...(await checkExplained(deployment.store, account)),
    )
    violations.push(...checkMoves(deployment.cloud, account, touched))
  }
  const excused = [...waiting, ...held].map(({ host }) => host?.name)
  violations.push(...checkLeftBehind(deployment, accounts, new Set(excused)))
  const taken = all.filter(({ control }) => control !== 'running').map(uuidOf)
  violations.push(...(await checkLeftStopped(deployment, new Set(taken))))
  violations.push(...(await checkLedger(deployment)))
  const planned = all.flatMap(({ moves }) => moves)
  violations.push(...(await checkInstances(deployment, planned, touched)))
  const ours = all.filter(isLeftToUs).flatMap((each) => each.moves)
  violations.push(...checkRefusals(deployment.cloud, ours, touched))
  if (deployment.deadLetters > DEAD_LETTERS_MAX) {
    violations.push(`${deployment.deadLetters} messages had no receiver`)
  }
  const moves = accounts.flatMap((account) => account.moves)
  const moved = moves.filter(({ status }) => status === 'succeeded').length
  return { violations, tally: { recoveries: accounts.length, moved } }
}

/**
 * Recoveries that were neither cancelled nor ended by a report that the host is alive, even when
 * that report was a lie.
 */
const isLeftToUs = ({ control, notification }: Account): boolean =>
  control === 'running' && !/alive|is back/.test(notification.message ?? '')

const uuidOf = ({ notification }: Account): string => notification.uuid

async function readAccounts(store: StorePort): Promise<readonly Account[]> {
  const hosts = new Map((await store.listAllHosts()).map((host) => [host.uuid, host]))
  const notifications = await store.listNotifications({}, EVERYTHING)
  return Promise.all(
    notifications.map(async (notification) => ({
      notification,
      host: hosts.get(notification.sourceHost),
      moves: await store.listMoves({ notification: notification.uuid }, EVERYTHING),
      control: controlOf(await store.listCommands(notification.uuid), undefined).kind,
    })),
  )
}

const titleOf = ({ notification, host }: Account): string =>
  `${notification.type} of ${host?.name ?? notification.sourceHost}`

function checkEnded(deployment: Deployment, account: Account): readonly string[] {
  const { status } = account.notification
  if (isWaiting(deployment, account)) return []
  return ENDED.includes(status) ? [] : [`L1 ${titleOf(account)} is still ${status} at the end`]
}

const isNew = ({ notification }: Account): boolean => notification.status === 'new'

/** A recovery waits while no host has room for its remaining instances: promise L4 allows that. */
const isWaiting = (deployment: Deployment, { notification, host, moves }: Account): boolean =>
  notification.status === 'running' &&
  !hasPlace(deployment, {
    host: host?.name,
    instances: moves.filter(({ status }) => status === 'pending').map(({ instance }) => instance),
  })

/** Promises E1 and E2, the reasons of promise L4, and the death certificate of promise I2. */
async function checkExplained(store: StorePort, account: Account): Promise<readonly string[]> {
  const { notification, moves } = account
  const violations: string[] = []
  const title = titleOf(account)
  const journal = await store.listJournal(notification.uuid)
  if (!isReason(notification.message)) {
    violations.push(
      notification.status === 'ignored'
        ? `E2 ${title} was ignored without a reason`
        : `E1 ${title} ended without a reason`,
    )
  }
  if (!journal.some(({ step }) => step === 'transition')) {
    violations.push(`E1 ${title} has no transition in the journal`)
  }
  if (journal.some(({ detail }) => detail === '')) {
    violations.push(`E1 ${title} has a line without a reason in the journal`)
  }
  const unexplained = moves.filter(
    ({ status, message }) => (status === 'failed' || status === 'ignored') && !isReason(message),
  )
  for (const { instanceName, status } of unexplained) {
    violations.push(`L4 ${instanceName} of ${title} is ${status} without a reason`)
  }
  if (moves.some(({ attempts }) => attempts > 0)) {
    const certificate = await store.getCertificate(notification.uuid)
    if (certificate === undefined || certificate.evidence.length < 2) {
      violations.push(`I2 ${title} was evacuated without a certificate and its evidence`)
    }
  }
  return violations
}

const isReason = (message: string | null): boolean => message !== null && message !== ''

/**
 * Promise L4: every move has ended, and an instance that was moved runs exactly once, unless its
 * new host failed as well.
 */
function checkMoves(
  cloud: SimulatedCloud,
  account: Account,
  touched: ReadonlySet<string>,
): readonly string[] {
  if (account.notification.status !== 'finished') return []
  return account.moves.flatMap((move) => {
    const what = `${move.instanceName} of ${titleOf(account)}`
    if (!MOVE_ENDED.includes(move.status)) return [`L4 ${what} is ${move.status} at the end`]
    if (move.status !== 'succeeded' || touched.has(move.instanceName)) return []
    const row = cloud.instances.find(({ id }) => id === move.instance)
    if (row?.vmState !== 'active' || row.host === null) return []
    const machine = cloud.machine(row.host)
    if (machine.boot > 1 || !machine.isRunning) return []
    const copies = cloud.copiesOf(row.id)
    return copies.length === 1 ? [] : [`L4 ${what} was moved and runs ${copies.length} times`]
  })
}

/**
 * An operator has cancelled the latest recovery of the host, so the instances on it are the
 * operator's responsibility.
 */
const isCancelled = (ofHost: readonly Account[]): boolean =>
  ofHost.findLast(({ notification }) => notification.type === 'COMPUTE_HOST')?.control ===
  'cancelled'

/**
 * Promise L4: no instance that should run is still on a dead host, unless the recovery gave a
 * reason.
 */
function checkLeftBehind(
  deployment: Deployment,
  accounts: readonly Account[],
  waiting: ReadonlySet<string | undefined>,
): readonly string[] {
  const { cloud, segments } = deployment
  const names = segments.flatMap(({ hosts }) => hosts.map(({ name }) => name))
  const dead = names.filter((name) => cloud.machine(name).power === 'off')
  // When most hosts fail, observers call themselves blind and report no host. Then operators must
  // act.
  if (dead.length * 2 > names.length) return []
  return dead.flatMap((name) => {
    const ofHost = accounts.filter(({ host }) => host?.name === name)
    if (waiting.has(name) || isCancelled(ofHost)) return []
    if (ofHost.some(({ notification }) => notification.status === 'failed')) return []
    const excused = new Set(
      ofHost
        .flatMap(({ moves }) => moves)
        .filter(({ status }) => status === 'failed' || status === 'ignored')
        .map(({ instance }) => instance),
    )
    return cloud.instances
      .filter((row) => row.host === name && row.vmState === 'active' && !excused.has(row.id))
      .map((row) => `L4 ${row.name} is left behind on ${name}, which is dead`)
  })
}
