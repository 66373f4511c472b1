/** What is read when the metrics are asked for: the actors, the leadership, the bus and the processes that are heard. */
import { GIVEN_UP } from '../../actors/kernel/cell.ts'
import type { BusPort } from '../../actors/ports/bus.ts'
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'
import type { ShownProcess } from '../../gateway/plugins/health.ts'
import { ROLES } from '../../schema/config/node.ts'
import type { ActorSnapshot } from '../../schema/messages/leadership.ts'
import type { Node } from '../roles/node.ts'
import type { Metrics } from './metrics.ts'

export interface Sampled {
  readonly node: Node
  readonly bus: BusPort
  readonly roles: readonly string[]
  /** This process first, then the others that are heard. */
  readonly processes: () => readonly ShownProcess[]
}

/** Reads all of it before each answer. */
export function sampleProcess(metrics: Metrics, sampled: Sampled): void {
  metrics.sample(() => {
    const { node, roles } = sampled
    const actors = node.system.snapshot()
    metrics.set('instance_ha_role', ...roles.map((role) => [1, { role }] as const))
    sampleKernel(metrics, node, actors)
    if (roles.includes('engine')) sampleEngine(metrics, node, actors)
    if (roles.includes('host-monitor')) {
      const observer = actors.find(({ path }) => path === 'observer/hosts')
      metrics.set('instance_ha_observer_blind', [observer?.state === 'blind' ? 1 : 0])
    }
    sampleOthers(metrics, sampled)
  })
}

const kindOf = ({ path }: ActorSnapshot): string => path.split('/').at(-2) ?? ''

function sampleKernel(metrics: Metrics, { system }: Node, actors: readonly ActorSnapshot[]): void {
  metrics.total('instance_ha_actor_crashes_total', system.crashes())
  for (const [reason, count] of Object.entries(system.deadLettersBy())) {
    metrics.total('instance_ha_dead_letters_total', count, { reason })
  }
  const kinds = [...Map.groupBy(actors, kindOf)]
  metrics.set(
    'instance_ha_mailbox_depth_max',
    ...kinds.map(
      ([kind, those]) => [Math.max(...those.map((each) => each.mailboxDepth)), { kind }] as const,
    ),
  )
  metrics.set(
    'instance_ha_actors_given_up',
    ...kinds.map(
      ([kind, those]) =>
        [those.filter(({ state }) => state === GIVEN_UP).length, { kind }] as const,
    ),
  )
}

function sampleEngine(metrics: Metrics, node: Node, actors: readonly ActorSnapshot[]): void {
  metrics.set('instance_ha_leading', [node.leading() ? 1 : 0])
  metrics.set('instance_ha_epoch', [node.epoch() ?? 0])
  metrics.total('instance_ha_contradictions_total', node.contradictions())
  metrics.total('instance_ha_strangers_total', node.strangers())
  const recoveries = Map.groupBy(
    actors.filter((each) => kindOf(each) === 'recovery'),
    ({ state }) => state,
  )
  metrics.set(
    'instance_ha_recoveries',
    ...[...recoveries].map(([state, those]) => [those.length, { state }] as const),
  )
}

function sampleOthers(metrics: Metrics, { bus, processes }: Sampled): void {
  metrics.set('instance_ha_bus_connected', [bus.connected() ? 1 : 0])
  const hindrances = [...Map.groupBy(bus.hindrances(), ({ kind }) => kind)]
  metrics.set(
    'instance_ha_bus_hindrances',
    ...hindrances.map(([kind, those]) => [those.length, { kind }] as const),
  )
  const shown = processes()
  const [own] = shown
  metrics.total('instance_ha_parked_messages_total', own?.parked ?? 0)
  metrics.set(
    'instance_ha_broker_linked',
    ...(own?.links ?? []).map(({ name, linked }) => [linked ? 1 : 0, { broker: name }] as const),
  )
  const present = [...Map.groupBy(shown.flatMap(rolesOf), (each) => each)]
  metrics.set(
    'instance_ha_processes',
    ...present.map(([each, those]) => {
      const [role = '', presence = ''] = each.split(' ')
      return [those.length, { role, presence }] as const
    }),
  )
}

/** Roles come from the bus: a role that this version does not know is no label. */
const rolesOf = ({ roles, silentSince }: ShownProcess): readonly string[] =>
  ROLES.filter((role) => roles.includes(role)).map(
    (role) => `${role} ${silentSince === null ? 'here' : 'gone'}`,
  )

/** Counts how often the bus comes back: a port of the bus tells only whether it is connected now. */
export function countReconnects(metrics: Metrics, bus: BusPort, clock: ClockPort): Disposable {
  let wasConnected: boolean | undefined
  let cancel: Cancel
  const look = (): void => {
    const isConnected = bus.connected()
    if (isConnected && wasConnected === false) metrics.count('instance_ha_bus_reconnects_total')
    // Until it is connected for the first time, there is nothing to come back.
    if (isConnected || wasConnected !== undefined) wasConnected = isConnected
    cancel = clock.schedule(LOOK_MS, look)
  }
  look()
  return { [Symbol.dispose]: () => cancel() }
}

const LOOK_MS = 1000
