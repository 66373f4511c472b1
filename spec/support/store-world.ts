/** The parts of store specs: an empty database, a wall clock that they set, and records. */
import type { ExecutionContext } from 'ava'
import type { RandomPort } from '../../actors/ports/clock.ts'
import type {
  HostFields,
  NewNotification,
  Page,
  SegmentFields,
  StorePort,
} from '../../actors/ports/store.ts'
import { hostName, instanceId, nodeName, type Epoch } from '../../schema/ids.ts'
import type { Host, Notification, Segment, VmMove } from '../../schema/records.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { plannedRow } from './planned.ts'

/** Real timers, and a wall clock that stands still until it is set. */
export class SetClock extends SystemClock {
  wall = Date.UTC(2026, 10, 22, 7, 15, 26, 775)
  override wallMs(): number {
    return this.wall
  }
}

/** The ports with which a store is opened. */
export interface StorePortsForSpecs {
  readonly clock: SetClock
  readonly random: RandomPort
}

/** One empty database of some kind. */
export interface StoreDatabase extends AsyncDisposable {
  /** A store on this database; there may be any number at once. */
  open(ports: StorePortsForSpecs): StorePort
  /** Runs SQL that no store would run. */
  execute(sql: string): Promise<void>
}

/** A migrated store on a database of its own. */
export interface StoreWorld extends AsyncDisposable {
  readonly store: StorePort
  readonly clock: SetClock
  /** A second store on the same database, like that of another process. */
  openAnother(): StorePort
  readonly database: StoreDatabase
}

/** `test` or `test.serial` of ava. */
export type RegisterTest = (title: string, run: (t: ExecutionContext) => Promise<void>) => void

/** Opens a world for one test. */
export type OpenWorld = () => Promise<StoreWorld>

/** Makes the world; everything ends with it. */
export async function storeWorld(open: () => Promise<StoreDatabase>): Promise<StoreWorld> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await open())
  const ports = { clock: new SetClock(), random: new SystemRandom() }
  const openAnother = (): StorePort => stack.use(database.open(ports))
  const store = openAnother()
  await store.migrate()
  const parts = stack.move()
  return {
    store,
    clock: ports.clock,
    openAnother: () => parts.use(database.open(ports)),
    database,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

export const segmentFields = (name: string): SegmentFields => ({
  name,
  serviceType: 'COMPUTE',
  description: null,
  recoveryMethod: 'auto',
  enabled: true,
})

export const hostFields = (name: string): HostFields => ({
  name: hostName(name),
  type: 'COMPUTE',
  controlAttributes: 'rack 7',
  reserved: false,
  onMaintenance: false,
})

/** A dead host as monitors report it. */
export const hostStopped = (host: string, generatedAt: number): NewNotification => ({
  type: 'COMPUTE_HOST',
  hostName: hostName(host),
  generatedAt,
  payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
  duplicateWindowMs: 180_000,
})

/** All rows, newest first. */
export const wholePage: Page = { limit: 1000, sort: [] }

/** A segment with one host under recovery, and a leader. */
export interface Incident {
  readonly segment: Segment
  readonly host: Host
  readonly notification: Notification
  readonly epoch: Epoch
}

export async function incident({
  store,
  clock,
}: Pick<StoreWorld, 'store' | 'clock'>): Promise<Incident> {
  const segment = await store.createSegment(segmentFields('zone-a'))
  const host = await store.createHost(segment.uuid, hostFields('compute-1'))
  const notification = await accepted(store, hostStopped('compute-1', clock.wall))
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  return { segment, host, notification, epoch }
}

/** The notification; throws when it is not accepted. */
export async function accepted(store: StorePort, report: NewNotification): Promise<Notification> {
  const acceptance = await store.acceptNotification(report)
  if (acceptance.kind !== 'accepted') throw new Error(`not accepted: ${acceptance.kind}`)
  return acceptance.notification
}

/** Plans one move and returns it. */
export async function plannedMove(store: StorePort, of: Incident): Promise<VmMove> {
  const instance = instanceId('0f0e0d0c-0000-4000-8000-000000000001')
  const planned = [plannedRow(instance, 'vm-1')]
  const [move] = await store.planMoves(of.epoch, of.notification.uuid, of.host.name, planned)
  if (move === undefined) throw new Error('no move was planned')
  const { origin: _origin, held: _held, askedInRun: _run, askedAgoMs: _ago, ...rest } = move
  const { refusedBy: _by, hadNoHost: _none, failedBy: _failed, refusals: _all, ...row } = rest
  return row // as clients see it
}

/** The store's answer to one more power-off: `granted`, or the reason of the refusal. */
export async function refusal(
  store: StorePort,
  { epoch, notification, host }: Incident,
): Promise<string> {
  const entry = {
    notification: notification.uuid,
    step: 'power-off',
    subject: host.name,
    detail: 'dead',
  }
  const grant = await store.recordIntent(epoch, entry)
  return grant.kind === 'refused' ? grant.reason : grant.kind
}
