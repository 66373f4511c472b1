/** The lists of instances in the Compute port: of a host, or of a project. */
import type { ComputePort, Instance } from '../../actors/ports/compute.ts'
import type { ComputeApi } from './compute-api.ts'
import { everyPage } from './every-page.ts'
import { decodeServers, instanceOf } from './nova-answers.ts'

/** Speaks Nova's `/servers/detail`. */
export function novaServers(
  api: ComputeApi,
): Pick<ComputePort, 'listInstances' | 'listProjectInstances'> {
  const list = async (
    filter: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
    requestId?: string,
  ): Promise<readonly Instance[]> => {
    const more = requestId === undefined ? {} : { requestId }
    const servers = await everyPage(async (marker) => {
      const query = new URLSearchParams({ all_tenants: '1', ...filter, ...marker })
      const path = `/servers/detail?${query.toString()}`
      const text = await api.call({ method: 'GET', path, repeat: 'harmless', ...more }, signal)
      const { servers, servers_links: links } = decodeServers(text)
      return { items: servers, links, last: servers.at(-1)?.id }
    })
    return servers.map(instanceOf)
  }

  // Nova ignores a filter for whoever may not use it: what is elsewhere is not ours to touch, nor others' to see.
  return {
    async listInstances(host, signal) {
      const found = await list({ host }, signal)
      return found.filter((instance) => instance.host === host)
    },
    async listProjectInstances(project, signal, requestId) {
      const found = await list({ project_id: project }, signal, requestId)
      return found.filter((instance) => instance.project === project)
    },
  }
}
