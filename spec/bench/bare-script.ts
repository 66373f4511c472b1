/**
 * What an operator's script would do: force the dead host down, and request its evacuations, so
 * many at a time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { InstanceId } from '../../schema/ids.ts'
import { killCompute } from '../openstack/deployment.ts'
import type { Doomed } from './openstack-scene.ts'

/**
 * The pause between two polls of Nova's records, ms: long enough to cost Nova little, short enough
 * to find free places soon.
 */
const LOOK_MS = 1000

/**
 * Milliseconds until Nova's records show every evacuation as done. One token, kept connections, and
 * no checks or writes.
 */
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
