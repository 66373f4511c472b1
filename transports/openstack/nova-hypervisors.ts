/** Which resource provider of Placement stands for which service host. */
import { Type } from 'typebox'
import { hostName, type HostName } from '../../schema/ids.ts'
import { answerDecoder } from './answer-decoder.ts'
import type { ComputeApi } from './compute-api.ts'
import { everyPage } from './every-page.ts'
import { Links } from './nova-answers.ts'

const decodeHypervisors = answerDecoder(
  Type.Object({
    hypervisors: Type.Array(
      Type.Object({ id: Type.String(), service: Type.Object({ host: Type.String() }) }),
    ),
    hypervisors_links: Links,
  }),
  'COMPUTE_UNAVAILABLE',
)

/** Nova gives a hypervisor's uuid to its provider too. Of a host with several (Ironic) no single one has the room. */
export async function readProviders(
  api: ComputeApi,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<HostName, string>> {
  const hypervisors = await everyPage(async (marker) => {
    const query = new URLSearchParams(marker).toString()
    const path = `/os-hypervisors/detail${query === '' ? '' : `?${query}`}`
    const text = await api.call({ method: 'GET', path, repeat: 'harmless' }, signal)
    const { hypervisors: items, hypervisors_links: links } = decodeHypervisors(text)
    return { items, links, last: items.at(-1)?.id }
  })
  const byHost = Map.groupBy(hypervisors, ({ service }) => hostName(service.host))
  return new Map(
    [...byHost].flatMap(([host, [one, ...others]]) =>
      one === undefined || others.length > 0 ? [] : [[host, one.id] as const],
    ),
  )
}
