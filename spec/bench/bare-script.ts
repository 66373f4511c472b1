/** What an operator's script would do: force the dead host down, and fire its evacuations, so many at a time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { InstanceId } from '../../schema/ids.ts'
import { killCompute } from '../openstack/deployment.ts'
import type { Doomed } from './openstack-scene.ts'

/** Between two looks at Nova's records: seldom enough to cost Nova little, often enough to find places that are free. */
const LOOK_MS = 1000

/** Milliseconds until Nova's records call every evacuation done. One token, kept connections, nothing checked or written. */
export async function runBareScript(doomed: Doomed, concurrency: number): Promise<number> {
  const { openstack, client, host, instances } = doomed
  const { compute } = openstack
  killCompute(host)
  const service = await compute.findService(host)
  if (service === undefined) throw new Error(`Nova does not know ${host}`)
  const startedAtMs = performance.now()
  await compute.isolate(service.id, 'dead')
  const waiting = [...instances]
  const underWay = new Set<InstanceId>()
  let moved = 0
  while (moved < instances.length) {
    const next = waiting.splice(0, concurrency - underWay.size)
    await Promise.all(
      next.map(async (id) => {
        await client.call('POST', 'compute', `/servers/${id}/action`, { evacuate: {} })
        underWay.add(id)
      }),
    )
    await sleep(LOOK_MS)
    const records = await compute.listEvacuations(host, Date.now() - 3_600_000)
    for (const { instance, status } of records) {
      if (status === 'failed' || status === 'error') throw new Error(`${instance}: ${status}`)
      if (status === 'done' && underWay.delete(instance)) moved += 1
    }
  }
  return performance.now() - startedAtMs
}
