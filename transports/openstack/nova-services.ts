/** The compute services part of the Compute port. */
import type { ComputePort, ComputeService } from '../../actors/ports/compute.ts'
import type { ComputeApi } from './compute-api.ts'
import { decodeServices, readServices, serviceOf } from './nova-answers.ts'

/** The longest `disabled_reason`. */
const REASON_LENGTH_MAX = 255

type ServicePort = Pick<
  ComputePort,
  'listServices' | 'findService' | 'isolate' | 'disable' | 'clearForcedDown' | 'enable'
>

/** Uses Nova's `/os-services`. */
export function novaServices(api: ComputeApi): ServicePort {
  const changeService = async (
    serviceId: string,
    body: Readonly<Record<string, unknown>>,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const path = `/os-services/${encodeURIComponent(serviceId)}`
    await api.call({ method: 'PUT', path, body, repeat: 'harmless' }, signal)
  }

  const listServices = async (
    filter: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
    requestId?: string,
  ): Promise<readonly ComputeService[]> => {
    const query = new URLSearchParams({ binary: 'nova-compute', ...filter })
    const more = requestId === undefined ? {} : { requestId }
    const path = `/os-services?${query.toString()}`
    const text = await api.call({ method: 'GET', path, repeat: 'harmless', ...more }, signal)
    const services = readServices(decodeServices(text).services, api.oddRows)
    return services.map((service) => serviceOf(service, api.agoMs))
  }

  return {
    listServices: (signal) => listServices({}, signal),
    async findService(host, signal, requestId) {
      const services = await listServices({ host }, signal, requestId)
      return services.find((service) => service.host === host)
    },
    isolate(serviceId, reason, signal) {
      const disabled = reason === null ? {} : disabledFor(reason)
      return changeService(serviceId, { ...disabled, forced_down: true }, signal)
    },
    disable: (serviceId, reason, signal) => changeService(serviceId, disabledFor(reason), signal),
    clearForcedDown: (serviceId, signal) =>
      changeService(serviceId, { forced_down: false }, signal),
    enable: (serviceId, signal) => changeService(serviceId, { status: 'enabled' }, signal),
  }
}

const disabledFor = (reason: string): Readonly<Record<string, string>> => ({
  status: 'disabled',
  disabled_reason: reason.slice(0, REASON_LENGTH_MAX),
})
