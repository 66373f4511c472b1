/** The Compute port on Nova. */
import type { ComputePort } from '../../actors/ports/compute.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import type { InstanceId } from '../../schema/ids.ts'
import type { ComputeApi } from './compute-api.ts'
import {
  actionOf,
  decodeActions,
  decodeServer,
  imageOf,
  instanceOf,
  serverPath,
} from './nova-answers.ts'
import { novaAggregates } from './nova-aggregates.ts'
import { decodeDiagnostics, diagnosticsOf } from './nova-diagnostics.ts'
import { listEvacuations } from './nova-evacuations.ts'
import { explainFailure } from './nova-failures.ts'
import { novaLocks } from './nova-locks.ts'
import { novaServerGroups } from './nova-server-groups.ts'
import { novaServers } from './nova-servers.ts'
import { novaServices } from './nova-services.ts'

/** Uses Nova's REST API. */
export function nova(api: ComputeApi): ComputePort {
  const get = (path: string, signal: AbortSignal | undefined): Promise<string> =>
    api.call({ method: 'GET', path, repeat: 'harmless' }, signal)

  const act = async (
    id: InstanceId,
    action: Readonly<Record<string, unknown>>,
    signal: AbortSignal | undefined,
    repeat: 'harmless' | 'never' = 'never',
  ): Promise<void> => {
    const path = `${serverPath(id)}/action`
    await api.call({ method: 'POST', path, body: action, repeat }, signal)
  }

  const services = novaServices(api)
  return {
    ...services,
    ...novaAggregates(api),
    ...novaServerGroups(api),
    ...novaServers(api, services.findService),
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
    stop: (id, signal) => act(id, { 'os-stop': null }, signal),
    pause: (id, signal) => act(id, { pause: null }, signal),
    callBroken: (id, signal) =>
      act(id, { 'os-resetState': { state: 'error' } }, signal, 'harmless'),
    callActive: (id, signal) =>
      act(id, { 'os-resetState': { state: 'active' } }, signal, 'harmless'),
    ...novaLocks(api),
    explainFailure: (id, signal) => explainFailure(get, id, signal),
    async rebuild(id, signal) {
      const image = imageOf(decodeServer(await get(serverPath(id), signal)).server)
      if (image === undefined) throw new CodedError('COMPUTE_REFUSED', `${id} has no image`)
      await act(id, { rebuild: { imageRef: image } }, signal)
    },
    async readDiagnostics(id, signal) {
      return diagnosticsOf(decodeDiagnostics(await get(`${serverPath(id)}/diagnostics`, signal)))
    },
    async listActions(id, signal) {
      const text = await get(`${serverPath(id)}/os-instance-actions`, signal)
      const actions = decodeActions(text).instanceActions.map((action) =>
        actionOf(action, api.timeOf),
      )
      return actions.toSorted((one, other) => other.startedAt - one.startedAt)
    },
  }
}

/** Nova answers 404 for an unknown target and for an unknown instance; only the text differs. */
const isUnknownTarget = (error: unknown): error is CodedError =>
  isCoded(error, 'COMPUTE_NOT_FOUND') && /compute host/i.test(error.message)
