/**
 * All hosts in one short answer, so that a thousand of them are on the screen at once:
 * `/console/v1/fleet`.
 */
import { Type, type Static } from 'typebox'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { DomainBoard } from '../../actors/ports/domain-board.ts'
import type { Observation, ObservationBoard } from '../../actors/ports/observations.ts'
import type { InventoryStore, NotificationStore } from '../../actors/ports/store.ts'
import { UNFINISHED_STATUSES, type Host, type Segment } from '../../schema/records.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { segmentView, SegmentView } from '../routes/segments.ts'
import { observedView } from '../views/observed-view.ts'

/** `[name, meaning, when its latest sign was seen, wall ms]`. */
const Channel = Type.Tuple([Type.String(), Type.String(), Type.Number()])

const FleetHost = Type.Object({
  uuid: Type.String(),
  name: Type.String(),
  state: Type.String(),
  reserved: Type.Boolean(),
  /** Null in service; otherwise who took it out: `operator`, or the recovery's notification. */
  maintenance: Type.Union([Type.String(), Type.Null()]),
  /** The notification of the recovery that runs now. */
  recovery: Type.Union([Type.String(), Type.Null()]),
  channels: Type.Array(Channel),
  domains: Type.Array(Type.String()),
})
const Answer = Type.Object({
  now: Type.Number(),
  segments: Type.Array(Type.Object({ ...SegmentView.properties, hosts: Type.Array(FleetHost) })),
})

const PAGE = 1000

export interface FleetDependencies {
  readonly store: InventoryStore & Pick<NotificationStore, 'listNotifications'>
  readonly observations: ObservationBoard
  readonly domains: DomainBoard
  readonly clock: ClockPort
}

/** Installs the route. It shows no settings of hosts, so it is for everybody who may list hosts. */
export function fleetRoute(app: GatewayApp, dependencies: FleetDependencies): void {
  const { store, clock } = dependencies
  app.get('/fleet', {
    config: { action: 'os-hosts:index' },
    schema: { response: { 200: Answer, default: FaultBody } },
    handler: async () => {
      const recoveries = await runningRecoveries(store)
      const segments = await everyRow((page) => store.listSegments({}, page))
      const shown: Static<typeof Answer>['segments'] = []
      for (const segment of segments) {
        const hosts = await hostsOf(store, segment)
        const views = hosts.map((host) => hostView(host, dependencies, recoveries))
        shown.push({ ...segmentView(segment), hosts: views })
      }
      return { now: clock.wallMs(), segments: shown }
    },
  })
}

const hostsOf = (store: InventoryStore, { uuid: segment }: Segment): Promise<readonly Host[]> =>
  everyRow((page) => store.listHosts({ segment }, page))

/** Rows of all pages, by name. */
async function everyRow<Row extends { readonly id: number; readonly name: string }>(
  read: (page: Parameters<InventoryStore['listHosts']>[1]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  let page: readonly Row[]
  do {
    const last = rows.at(-1)
    const marker = last === undefined ? {} : { marker: String(last.id) }
    page = await read({ limit: PAGE, sort: [{ key: 'id', direction: 'asc' }], ...marker })
    rows.push(...page)
  } while (page.length === PAGE)
  return rows.toSorted((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }))
}

/** The latest unfinished recovery of each host. */
async function runningRecoveries(
  store: FleetDependencies['store'],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const status of UNFINISHED_STATUSES) {
    const sort = [{ key: 'id', direction: 'desc' }] as const
    const filter = { status, type: 'COMPUTE_HOST' }
    const rows = await store.listNotifications(filter, { limit: PAGE, sort })
    for (const { sourceHost, uuid } of rows) found.set(sourceHost, uuid)
  }
  return found
}

function hostView(
  { uuid, name, reserved, onMaintenance, maintenanceBy }: Host,
  { observations, domains }: FleetDependencies,
  recoveries: ReadonlyMap<string, string>,
): Static<typeof FleetHost> {
  const seen = observations.of(uuid)
  return {
    uuid,
    name,
    state: observedView(seen).state,
    reserved,
    maintenance: onMaintenance ? (maintenanceBy ?? 'operator') : null,
    recovery: recoveries.get(uuid) ?? null,
    channels: channelsOf(seen),
    domains: [...(domains.of(uuid)?.names ?? [])],
  }
}

/** Of each channel, what the observer with the latest sign says. */
function channelsOf(seen: readonly Observation[]): Static<typeof Channel>[] {
  const latest = new Map<string, Static<typeof Channel>>()
  for (const { channels = [], seenAtWallMs } of seen) {
    for (const { channel, meaning, ageMs } of channels) {
      const at = seenAtWallMs - ageMs
      const known = latest.get(channel)
      if (known === undefined || known[2] < at) latest.set(channel, [channel, meaning, at])
    }
  }
  return [...latest.values()]
}
