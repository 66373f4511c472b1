/** The lists of instances in the Compute port: of a host, or of a project. */
import {
  UNCLEAR,
  type ComputePort,
  type ComputeService,
  type Instance,
} from '../../actors/ports/compute.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import { hostName, instanceId, type HostName } from '../../schema/ids.ts'
import { NOTHING } from '../../schema/resources.ts'
import type { ComputeApi } from './compute-api.ts'
import { everyPage } from './every-page.ts'
import { decodeServers, instanceOf, readServers } from './nova-answers.ts'
import { textIn } from './odd-rows.ts'

/**
 * From this microversion on, Nova shows the zone to which a server was bound. Evacuations use a
 * lower one, because Nova handles them differently from 2.95 on.
 */
const ZONE_MICROVERSION = '2.96'

/** Uses Nova's `/servers/detail`. */
export function novaServers(
  api: ComputeApi,
  findService: (host: HostName, signal?: AbortSignal) => Promise<ComputeService | undefined>,
): Pick<ComputePort, 'listInstances' | 'listProjectInstances'> {
  let microversion: string | undefined = ZONE_MICROVERSION

  /** A Nova that does not know this microversion is called with the usual one. */
  const callNewest = async (
    path: string,
    signal: AbortSignal | undefined,
    requestId?: string,
  ): Promise<string> => {
    const more = requestId === undefined ? {} : { requestId }
    const call = { method: 'GET', path, repeat: 'harmless', ...more } as const
    if (microversion === undefined) return api.call(call, signal)
    try {
      return await api.call({ ...call, microversion }, signal)
    } catch (error) {
      if (!isCoded(error, 'COMPUTE_REFUSED') || !/: 406 /.test(error.message)) throw error
      microversion = undefined
      return api.call(call, signal)
    }
  }

  const listRows = (
    filter: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
    requestId?: string,
  ): Promise<readonly unknown[]> => {
    return everyPage(async (marker) => {
      const query = new URLSearchParams({ all_tenants: '1', ...filter, ...marker })
      const path = `/servers/detail?${query.toString()}`
      const text = await callNewest(path, signal, requestId)
      const { servers: items, servers_links: links } = decodeServers(text)
      return { items, links, marker: 'id' }
    })
  }

  const instancesOf = (rows: readonly unknown[]): readonly Instance[] =>
    readServers(rows, api.oddRows).map(instanceOf)

  /**
   * Checks that the host's cell is up: when it is down, Nova leaves out its instances without
   * notice, and also does not show its services.
   */
  const assertShown = async (host: HostName, signal: AbortSignal | undefined): Promise<void> => {
    if ((await findService(host, signal)) !== undefined) return
    const why = `Nova does not show the compute service of ${host}: its cell may be down and hide instances`
    throw new CodedError('COMPUTE_UNAVAILABLE', why)
  }

  // Nova ignores a filter that the account may not use. Instances of other hosts are left out,
  // because we may not change them and callers may not see them.
  return {
    async listInstances(host, signal) {
      const rows = await listRows({ host }, signal)
      const hidden = rows.filter((row) => isHidden(row, host))
      if (hidden.length > 0) {
        const why = `Nova shows ${hidden.length} instances in part only, among them ${nameOf(hidden[0])}: their cell may be down`
        throw new CodedError('COMPUTE_UNAVAILABLE', why)
      }
      await assertShown(host, signal)
      const found = rows.map((row) => instancesOf([row])[0] ?? unclearOn(row, host))
      return found.filter((instance) => instance.host === host)
    },
    async listProjectInstances(project, signal, requestId) {
      const found = instancesOf(await listRows({ project_id: project }, signal, requestId))
      return found.filter((instance) => instance.project === project)
    },
  }
}

/**
 * From microversion 2.69 on, a server of a cell that is down has hardly more than its id. It may be
 * on the host.
 */
function isHidden(row: unknown, host: HostName): boolean {
  const place = textIn(row, 'OS-EXT-SRV-ATTR:host')
  if (place !== undefined && place !== host) return false
  const isPartial = ['id', 'OS-EXT-STS:vm_state'].some((field) => textIn(row, field) === undefined)
  return isPartial || textIn(row, 'status') === 'UNKNOWN'
}

/** An instance that cannot be read. It is not touched, with that reason. */
function unclearOn(row: unknown, host: HostName): Instance {
  const place = textIn(row, 'OS-EXT-SRV-ATTR:host')
  const id = textIn(row, 'id') ?? ''
  return {
    id: instanceId(id),
    name: textIn(row, 'name') ?? id,
    project: textIn(row, 'tenant_id') ?? '',
    host: place === undefined ? host : hostName(place),
    vmState: UNCLEAR,
    taskState: null,
    powerState: 0,
    metadata: {},
    volumeBacked: false,
    locked: false,
    needs: NOTHING,
    request: null,
    zone: null,
  }
}

const nameOf = (row: unknown): string =>
  textIn(row, 'name') ?? textIn(row, 'id') ?? 'one without id'
