/** A recovery on the cloud that the OS_* variables name, with a BMC for each of its hosts. */
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Openstack } from '../../transports/openstack/open-openstack.ts'
import { bootOn, Client, openCloud, putBack, slowly } from '../openstack/cloud.ts'
import { controlAttributes, killHost, prepareDeployment } from '../openstack/deployment.ts'
import { RestClient } from '../openstack/rest-client.ts'
import type { Scene } from './recovery.ts'

const INSTANCES = 10

/** Boots instances on an empty host; all is put back at the end. */
export async function openOpenstackScene(): Promise<Scene> {
  await using opening = new AsyncDisposableStack()
  const looking = opening.use(await openCloud())
  const client = await Client.logIn()
  const deployment = opening.use(await prepareDeployment(looking))
  const victim = await emptyHost(looking)
  const machine = deployment.machines.get(victim)
  if (machine === undefined) throw new Error(`${victim} has no machine`)
  const instances: InstanceId[] = []
  opening.defer(() => cleanUp(looking, client, { victim, instances }))
  for (let count = 0; count < INSTANCES; count += 1) instances.push(await bootOn(client, victim))
  for (const id of instances) {
    await slowly(`${id} runs`, async () => {
      const instance = await looking.compute.getInstance(id)
      return instance?.vmState === 'active' && instance.taskState === null
    })
  }
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
    instances: INSTANCES,
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

async function cleanUp(
  openstack: Openstack,
  client: Client,
  { victim, instances }: { readonly victim: HostName; readonly instances: readonly InstanceId[] },
): Promise<void> {
  for (const id of instances) await client.call('DELETE', 'compute', `/servers/${id}`)
  for (const id of instances) {
    await slowly(`${id} is gone`, async () => !(await openstack.compute.getInstance(id)))
  }
  await putBack(openstack, client, victim)
}
