/** The Compute port on Nova. */
import type { ComputePort, Instance } from '../../actors/ports/compute.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import type { InstanceId } from '../../schema/ids.ts'
import type { ComputeApi } from './compute-api.ts'
import { everyPage } from './every-page.ts'
import {
  actionOf,
  decodeActions,
  decodeServer,
  decodeServers,
  imageOf,
  instanceOf,
} from './nova-answers.ts'
import { listEvacuations } from './nova-evacuations.ts'
import { novaServices } from './nova-services.ts'

/** Speaks Nova's REST API. */
export function nova(api: ComputeApi): ComputePort {
  const get = getter(api)
  const listServers = serverLister(get)

  const act = async (
    id: InstanceId,
    action: Readonly<Record<string, unknown>>,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const path = `${serverPath(id)}/action`
    await api.call({ method: 'POST', path, body: action, repeat: 'never' }, signal)
  }

  return {
    ...novaServices(api),
    // Nova ignores a filter for whoever may not use it: what is elsewhere is not ours to touch, nor others' to see.
    async listInstances(host, signal) {
      const found = await listServers({ host }, signal)
      return found.filter((instance) => instance.host === host)
    },
    async listProjectInstances(project, signal, requestId) {
      const found = await listServers({ project_id: project }, signal, requestId)
      return found.filter((instance) => instance.project === project)
    },
    async getInstance(id, signal) {
      try {
        return instanceOf(decodeServer(await get(serverPath(id), signal)).server)
      } catch (error) {
        if (isCoded(error, 'COMPUTE_NOT_FOUND')) return undefined
        throw error
      }
    },
    async evacuate(id, target, signal) {
      try {
        await act(id, { evacuate: target === undefined ? {} : { host: target } }, signal)
      } catch (error) {
        if (!isUnknownTarget(error)) throw error
        throw new CodedError('COMPUTE_REFUSED', error.message, { cause: error })
      }
    },
    listEvacuations: (source, sinceMs, signal) => listEvacuations(api, source, sinceMs, signal),
    hardReboot: (id, signal) => act(id, { reboot: { type: 'HARD' } }, signal),
    start: (id, signal) => act(id, { 'os-start': null }, signal),
    async rebuild(id, signal) {
      const image = imageOf(decodeServer(await get(serverPath(id), signal)).server)
      if (image === undefined) throw new CodedError('COMPUTE_REFUSED', `${id} has no image`)
      await act(id, { rebuild: { imageRef: image } }, signal)
    },
    async listActions(id, signal) {
      const text = await get(`${serverPath(id)}/os-instance-actions`, signal)
      const actions = decodeActions(text).instanceActions.map(actionOf)
      return actions.toSorted((one, other) => other.startedAt - one.startedAt)
    },
  }
}

type Get = (path: string, signal: AbortSignal | undefined, requestId?: string) => Promise<string>

const getter =
  (api: ComputeApi): Get =>
  (path, signal, requestId) => {
    const more = requestId === undefined ? {} : { requestId }
    return api.call({ method: 'GET', path, repeat: 'harmless', ...more }, signal)
  }

/** Every page of the servers that fit a filter, of all projects. */
const serverLister =
  (get: Get) =>
  async (
    filter: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
    requestId?: string,
  ): Promise<readonly Instance[]> => {
    const servers = await everyPage(async (marker) => {
      const query = new URLSearchParams({ all_tenants: '1', ...filter, ...marker })
      const text = await get(`/servers/detail?${query.toString()}`, signal, requestId)
      const { servers, servers_links: links } = decodeServers(text)
      return { items: servers, links, last: servers.at(-1)?.id }
    })
    return servers.map(instanceOf)
  }

const serverPath = (id: InstanceId): string => `/servers/${encodeURIComponent(id)}`

/** Nova says 404 of an unknown target as of an unknown instance; only its text tells them apart. */
const isUnknownTarget = (error: unknown): error is CodedError =>
  isCoded(error, 'COMPUTE_NOT_FOUND') && /compute host/i.test(error.message)
