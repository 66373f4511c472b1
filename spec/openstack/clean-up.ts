/** Leaves nothing behind in a cloud: every step is tried, and one error tells all that is left. */
import type { HostName, InstanceId } from '../../schema/ids.ts'
import { describeError } from '../../schema/errors.ts'
import type { Openstack } from '../../transports/openstack/open-openstack.ts'
import { putBack, slowly, type Client } from './cloud.ts'

interface Left {
  readonly hosts: readonly HostName[]
  readonly instances: readonly InstanceId[]
}

/**
 * Returns the hosts to service and deletes the instances. A nova-compute that is dead deletes
 * nothing, so the hosts come first.
 */
export async function cleanUp(
  openstack: Openstack,
  client: Client,
  { hosts, instances }: Left,
): Promise<void> {
  const left: string[] = []
  const attempt = async (what: string, step: () => Promise<unknown>): Promise<void> => {
    try {
      await step()
    } catch (error) {
      left.push(`${what}: ${describeError(error)}`)
    }
  }
  for (const host of hosts) {
    await attempt(`${host} is not in service`, () => putBack(openstack, client, host))
  }
  for (const id of instances) {
    await attempt(`instance ${id} was not deleted`, () => deleteOne(client, id))
  }
  await attempt('instances are still there', () =>
    slowly('all instances are gone', async () => {
      for (const id of instances) if (await openstack.compute.getInstance(id)) return false
      return true
    }),
  )
  if (left.length > 0) throw new Error(`left behind in the cloud:\n  ${left.join('\n  ')}`)
}

/** One that is gone already needs no deletion. */
async function deleteOne(client: Client, id: InstanceId): Promise<void> {
  try {
    await client.call('DELETE', 'compute', `/servers/${id}`)
  } catch (error) {
    if (!/: 404 /.test(describeError(error))) throw error
  }
}
