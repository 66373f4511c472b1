/** Registers the hosts of the simulated cloud at the REST API, as an operator does it once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isCoded } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import type { SegmentSeed } from '../../transports/simulated/build-cloud.ts'
import type { Api } from '../client/api.ts'
import { hostsPath, rowAt } from '../client/names.ts'

/** Between two tries while the API is not there yet, ms. */
const AGAIN_MS = 2000

/** Registers what is missing, and tries until the API has taken it. `say` is told how it goes. */
export async function registerWhenPossible(
  api: Api,
  segments: readonly SegmentSeed[],
  controlAttributes: ReadonlyMap<HostName, string>,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  let told = ''
  while (!signal.aborted) {
    try {
      const count = await register(api, segments, controlAttributes)
      say(`${count} hosts are registered`)
      return
    } catch (error) {
      if (!isCoded(error)) throw error
      if (told !== error.message) say(`the hosts are not registered yet: ${error.message}`)
      told = error.message
    }
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function register(
  api: Api,
  segments: readonly SegmentSeed[],
  controlAttributes: ReadonlyMap<HostName, string>,
): Promise<number> {
  const known = await api.list('/segments', 'segments')
  let count = 0
  for (const { name, recoveryMethod: recovery_method, hosts } of segments) {
    const segment =
      known.find((each) => each['name'] === name) ??
      rowAt(
        await api.send('POST', '/segments', {
          segment: { name, recovery_method, service_type: 'COMPUTE' },
        }),
        'segment',
      )
    const path = hostsPath(segment)
    const registered = new Set((await api.list(path, 'hosts')).map((host) => host['name']))
    for (const { name: host } of hosts) {
      count += 1
      if (registered.has(host)) continue
      const control_attributes = controlAttributes.get(host)
      await api.send('POST', path, { host: { name: host, type: 'COMPUTE', control_attributes } })
    }
  }
  return count
}
