/** Which resource provider of Placement belongs to which service host, and the size of the host. */
import { Type } from 'typebox'
import { hostName, type HostName } from '../../schema/ids.ts'
import type { Resources } from '../../schema/resources.ts'
import { answerDecoder } from './answer-decoder.ts'
import type { ComputeApi } from './compute-api.ts'
import { everyPage } from './every-page.ts'
import { rowReader } from './odd-rows.ts'
import { Links } from './nova-answers.ts'

/** The sizes are shown up to microversion 2.87. */
const decodeHypervisors = answerDecoder(
  Type.Object({
    hypervisors: Type.Array(Type.Unknown()),
    hypervisors_links: Links,
  }),
  'COMPUTE_UNAVAILABLE',
)
const readRows = rowReader(
  Type.Object({
    id: Type.String(),
    service: Type.Object({ host: Type.String() }),
    vcpus: Type.Number(),
    memory_mb: Type.Number(),
    local_gb: Type.Number(),
  }),
  'os-hypervisors',
)

export interface Hypervisor {
  /** The uuid of its resource provider. */
  readonly provider: string
  /** Without overcommitment: the most that Nova gives one instance. */
  readonly size: Resources
}

/**
 * The provider of a hypervisor has the hypervisor's uuid. A host with several hypervisors (Ironic)
 * is left out, because none of them has all the room.
 */
export async function readHypervisors(
  api: ComputeApi,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<HostName, Hypervisor>> {
  const rows = await everyPage(async (marker) => {
    const query = new URLSearchParams(marker).toString()
    const path = `/os-hypervisors/detail${query === '' ? '' : `?${query}`}`
    const text = await api.call({ method: 'GET', path, repeat: 'harmless' }, signal)
    const { hypervisors: items, hypervisors_links: links } = decodeHypervisors(text)
    return { items, links, marker: 'id' }
  })
  const hypervisors = readRows(rows, api.oddRows)
  const byHost = Map.groupBy(hypervisors, ({ service }) => hostName(service.host))
  return new Map(
    [...byHost].flatMap(([host, [one, ...others]]) => {
      if (one === undefined || others.length > 0) return []
      const { id: provider, vcpus, memory_mb: memoryMb, local_gb: diskGb } = one
      return [[host, { provider, size: { vcpus, memoryMb, diskGb } }] as const]
    }),
  )
}
