/** Worlds of the conformance specs on a real cloud: two empty hosts, and what is left of them is put back. */
import { Type } from 'typebox'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Openstack } from '../../transports/openstack/open-openstack.ts'
import type { PlacementWorld } from '../support/placement-conformance.ts'
import { cleanUp } from './clean-up.ts'
import { bootOn, Client, decoded, openCloud, putBack, slowly } from './cloud.ts'

/**
 * Opens worlds of two empty hosts. On disposal, its instances are deleted and the source returns to
 * service. A host that just returned comes last, because Nova shows it as up before its
 * nova-compute is ready.
 */
export function realWorlds(): () => Promise<PlacementWorld> {
  const restarted: HostName[] = []
  return () => openRealWorld(restarted)
}

async function openRealWorld(restarted: HostName[]): Promise<PlacementWorld> {
  await using opening = new AsyncDisposableStack()
  const openstack = opening.use(await openCloud())
  const client = await Client.logIn()
  const { compute, placement } = openstack
  const [source, target] = await emptyHosts(openstack, restarted)
  const booted: InstanceId[] = []
  let ownAggregate: string | undefined
  // Every step is done, also when one before it fails.
  opening.defer(async () => {
    if (ownAggregate === undefined) return
    await client.call('DELETE', 'compute', `/os-aggregates/${ownAggregate}`)
  })
  opening.defer(() => cleanUp(openstack, client, { hosts: [], instances: booted }))
  opening.defer(async () => {
    if (await putBack(openstack, client, source)) restarted.push(source)
  })
  const act = (id: InstanceId, body: unknown): Promise<unknown> =>
    client.call('POST', 'compute', `/servers/${id}/action`, body)
  const isIdle = async (id: InstanceId, vmState: string): Promise<boolean> => {
    const instance = await compute.getInstance(id)
    return instance?.vmState === vmState && instance.taskState === null
  }
  const kept = opening.move()
  return {
    compute,
    placement,
    source,
    target,
    project: client.projectId,
    wallMs: () => Date.now(),
    aggregate: async () => (ownAggregate ??= await createAggregate(client)),
    until: (what, condition) => slowly(what, condition),
    async boot(count) {
      const ids = await Promise.all(
        Array.from({ length: count }, async () => {
          const id = await bootOn(client, source)
          booted.push(id) // although another one may fail
          return id
        }),
      )
      for (const id of ids) await slowly(`${id} runs`, () => isIdle(id, 'active'))
      return ids
    },
    async stop(id) {
      await act(id, { 'os-stop': null })
      await slowly(`${id} is stopped`, () => isIdle(id, 'stopped'))
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

const NewAggregate = Type.Object({ aggregate: Type.Object({ id: Type.Integer() }) })

async function createAggregate(client: Client): Promise<string> {
  const aggregate = { name: `instance-ha-conformance-${Date.now()}` }
  const answer = await client.call('POST', 'compute', '/os-aggregates', { aggregate })
  return String(decoded(NewAggregate, answer).aggregate.id)
}

async function emptyHosts(
  { compute }: Openstack,
  last: readonly HostName[],
): Promise<[HostName, HostName]> {
  const empty: HostName[] = []
  for (const service of await compute.listServices()) {
    if (!service.up || service.disabled) continue
    if ((await compute.listInstances(service.host)).length === 0) empty.push(service.host)
  }
  const [source, target] = empty.toSorted((a, b) => last.lastIndexOf(a) - last.lastIndexOf(b))
  if (source === undefined || target === undefined) throw new Error('no two empty hosts are up')
  return [source, target]
}
