/** A recovery on the cloud that the OS_* variables name, with a BMC for each of its hosts. */
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Openstack } from '../../transports/openstack/open-openstack.ts'
import { cleanUp } from '../openstack/clean-up.ts'
import { allRun, bootOn, Client, openCloud, slowly } from '../openstack/cloud.ts'
import { controlAttributes, killHost, prepareDeployment } from '../openstack/deployment.ts'
import { RestClient } from '../openstack/rest-client.ts'
import type { Scene } from './recovery.ts'

/**
 * Instances on a host that is about to die. They are deleted at the end, and the host returns to
 * service.
 */
export interface Doomed extends AsyncDisposable {
  readonly openstack: Openstack
  readonly client: Client
  readonly host: HostName
  readonly instances: readonly InstanceId[]
}

/** Boots so many instances on an empty host. */
export async function doom(count: number): Promise<Doomed> {
  await using opening = new AsyncDisposableStack()
  const openstack = opening.use(await openCloud())
  const client = await Client.logIn()
  const host = await emptyHost(openstack)
  const instances: InstanceId[] = []
  opening.defer(() => cleanUp(openstack, client, { hosts: [host], instances }))
  for (let booted = 0; booted < count; booted += 1) instances.push(await bootOn(client, host))
  await slowly('all instances run', () => allRun(openstack, host, instances))
  const kept = opening.move()
  return { openstack, client, host, instances, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** Our product with the cloud, and a host with so many instances. */
export async function openOpenstackScene(count: number): Promise<Scene> {
  await using opening = new AsyncDisposableStack()
  const looking = opening.use(await openCloud())
  const deployment = opening.use(await prepareDeployment(looking)) // first: it fails sooner
  const { client, host: victim } = opening.use(await doom(count))
  const machine = deployment.machines.get(victim)
  if (machine === undefined) throw new Error(`${victim} has no machine`)
  const openstack = opening.use(await openCloud())
  const rest = new RestClient(deployment.url, client.token)
  const attributes = new Map(
    [...deployment.machines].map(([host, each]) => [host, controlAttributes(each)]),
  )
  const kept = opening.move()
  return {
    name: 'OpenStack of OS_AUTH_URL',
    configuration: deployment.configuration('bench', 'gateway, engine'),
    openstack,
    rest,
    victim,
    instances: count,
    register: () => rest.register('racks', attributes),
    kill: () => killHost(machine),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function emptyHost({ compute }: Openstack): Promise<HostName> {
  for (const { host, up, disabled } of await compute.listServices()) {
    if (up && !disabled && (await compute.listInstances(host)).length === 0) return host
  }
  throw new Error('no empty host is up')
}
