/** A real cloud with instances on one of its hosts, and our whole product watching it. */
import type { ExecutionContext } from 'ava'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Openstack } from '../../transports/openstack/open-openstack.ts'
import { cleanUp } from './clean-up.ts'
import { allRun, Client, bootOn, openCloud, slowly } from './cloud.ts'
import {
  controlAttributes,
  prepareDeployment,
  type Deployment,
  type Machine,
} from './deployment.ts'
import { RestClient, type Notification } from './rest-client.ts'

/** Instances on the host that dies, unless a spec says otherwise. */
export const INSTANCES = 10

export interface Stage extends AsyncDisposable {
  readonly openstack: Openstack
  readonly deployment: Deployment
  readonly rest: RestClient
  readonly victim: Machine
  readonly instances: readonly InstanceId[]
}

/**
 * A cloud with instances on one host, all its hosts registered in one segment, and our processes
 * watching.
 */
export async function setStage(
  start: (deployment: Deployment) => Promise<void>,
  { count = INSTANCES, more = '' }: { readonly count?: number; readonly more?: string } = {},
): Promise<Stage> {
  await using opening = new AsyncDisposableStack()
  const openstack = opening.use(await openCloud())
  const client = await Client.logIn()
  const deployment = opening.use(await prepareDeployment(openstack, more))
  await start(deployment)
  const rest = new RestClient(deployment.url, client.token)
  const hosts = new Map(
    [...deployment.machines].map(([host, machine]) => [host, controlAttributes(machine)]),
  )
  await rest.register('racks', hosts)
  const victim = await emptyMachine(openstack, deployment)
  const instances: InstanceId[] = []
  opening.defer(() => cleanUp(openstack, client, { hosts: [victim.host], instances }))
  for (let index = 0; index < count; index += 1) {
    instances.push(await bootOn(client, victim.host))
  }
  await slowly('all instances run', () => allRun(openstack, victim.host, instances))
  const kept = opening.move()
  return {
    openstack,
    deployment,
    rest,
    victim,
    instances,
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  }
}

async function emptyMachine({ compute }: Openstack, { machines }: Deployment): Promise<Machine> {
  for (const service of await compute.listServices()) {
    const machine = machines.get(service.host)
    if (!service.up || service.disabled || machine === undefined) continue
    if ((await compute.listInstances(service.host)).length === 0) return machine
  }
  throw new Error('no empty host is up')
}

export async function runs(
  { compute }: Openstack,
  id: InstanceId,
  notOn?: HostName,
): Promise<boolean> {
  const instance = await compute.getInstance(id)
  if (instance?.vmState !== 'active' || instance.taskState !== null) return false
  return instance.host !== notOn
}

/** The end of its only recovery. */
export async function endOf(stage: Stage, within: ExecutionContext): Promise<Notification> {
  const [end] = await eventually('the recovery ends', async () => {
    const all = await stage.rest.notifications()
    return all.filter(({ status }) => status === 'finished' || status === 'failed')
  })
  if (end === undefined) throw new Error('unreachable')
  within.log(`${end.status}: ${end.message}`)
  return end
}

async function eventually<Item>(
  what: string,
  list: () => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  let found: readonly Item[] = []
  await slowly(what, async () => {
    found = await list()
    return found.length > 0
  })
  return found
}

/** Waits until observers have seen every host alive. */
export async function watched({ deployment }: Stage): Promise<void> {
  for (const { host, sshd } of deployment.machines.values()) {
    await slowly(`${host} is watched`, async () => (await sshd.sessions()) > 0)
  }
}
