/** Whether the instances of a recovery really have a host to go to. */
import { STAGES } from '../../actors/placement/stages.ts'
import { isWithin, minus, type Resources } from '../../schema/resources.ts'
import type { InstanceId } from '../../schema/ids.ts'
import type { Machine } from '../../transports/simulated/machine.ts'
import type { Deployment } from './deployment.ts'

/** A host by its name, and its instances that are still to be moved. */
interface Waiting {
  readonly host: string | undefined
  readonly instances: readonly InstanceId[]
}

/**
 * True while a host in the pools of the segment has room for one of the instances; without
 * instances, true while there is any such host.
 */
export function hasPlace(deployment: Deployment, { host, instances }: Waiting): boolean {
  const { cloud, segments } = deployment
  const segment = segments.find(({ hosts }) => hosts.some(({ name }) => name === host))
  if (segment === undefined) return false
  const pools = STAGES[segment.recoveryMethod]
  const machines = segment.hosts
    .filter(({ name }) => name !== host)
    .map(({ name }) => cloud.machine(name))
    .filter((machine) => pools.includes(machine.isSpare ? 'spares' : 'in-service'))
    .filter((machine) => machine.serves && !machine.forcedDown)
    .filter((machine) => machine.isSpare || !machine.disabled)
  const rows = cloud.instances.filter(({ id }) => instances.includes(id))
  if (rows.length === 0) return machines.length > 0
  return rows.some(({ name, needs }) =>
    machines.some((machine) => takes(machine, needs) && cloud.accepts(name, machine.name)),
  )
}

const takes = ({ capacity, taken }: Readonly<Machine>, needs: Resources): boolean =>
  isWithin(needs, minus(capacity, taken))

/**
 * True when the only unfinished recoveries wait for room that does not exist. The storm guard may
 * hold other recoveries behind them.
 */
export async function onlyWaits(deployment: Deployment): Promise<boolean> {
  const { store } = deployment
  const unfinished = await store.listUnfinished()
  const begun = unfinished.filter(({ notification }) => notification.status !== 'new')
  if (begun.length === 0) return unfinished.length === 0
  for (const { notification, host } of begun) {
    const moves = await store.listMoves({ notification: notification.uuid }, EVERYTHING)
    const open = moves.filter(({ status }) => !ENDED.includes(status))
    if (open.length === 0 || open.some(({ status }) => status !== 'pending')) return false
    const instances = open.map(({ instance }) => instance)
    if (hasPlace(deployment, { host: host?.name, instances })) return false
  }
  return true
}

const ENDED: readonly string[] = ['succeeded', 'failed', 'ignored']
const EVERYTHING = { limit: 10_000, sort: [{ key: 'created_at', direction: 'asc' }] } as const
