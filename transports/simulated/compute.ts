/** The Compute port as one process of ours has it. */
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { Nova } from './nova.ts'
import type { NovaRows } from './nova-rows.ts'
import type { NovaWire } from './nova-wire.ts'

/** The simulated Nova behind the wire of one process. */
export function simulatedCompute(nova: Nova, rows: NovaRows, wire: NovaWire): ComputePort {
  const read = <Answer>(
    name: string,
    subject: string,
    effect: () => Answer,
    signal: AbortSignal | undefined,
  ): Promise<Answer> => wire.send({ kind: 'read', name, subject, effect, signal })
  return {
    listServices: (signal) => read('list-services', '', () => nova.listServices(), signal),
    findService: (host, signal) => read('find-service', host, () => nova.findService(host), signal),
    listInstances: (host, signal) =>
      read('list-instances', host, () => nova.listInstances(host), signal),
    getInstance: (id, signal) =>
      read('get-instance', rows.nameOf(id), () => nova.getInstance(id), signal),
    listEvacuations: (source, sinceMs, signal) =>
      read('list-evacuations', source, () => nova.listEvacuations(source, sinceMs), signal),
    clearForcedDown: (serviceId, signal) =>
      wire.send({
        kind: 'repeatable',
        name: 'clear-forced-down',
        subject: nova.hostOf(serviceId),
        effect: () => nova.clearForcedDown(serviceId),
        signal,
      }),
    enable: (serviceId, signal) =>
      wire.send({
        kind: 'repeatable',
        name: 'enable',
        subject: nova.hostOf(serviceId),
        effect: () => nova.enable(serviceId),
        signal,
      }),
    isolate: (serviceId, reason, signal) =>
      wire.send({
        kind: 'repeatable',
        name: 'isolate',
        subject: nova.hostOf(serviceId),
        effect: () => nova.isolate(serviceId, reason),
        signal,
      }),
    evacuate: (id, target, signal) =>
      wire.send({
        kind: 'once',
        name: 'evacuate',
        subject: `${rows.nameOf(id)} to ${target ?? 'any host'}`,
        effect: () => nova.evacuate(id, target),
        signal,
      }),
    hardReboot: (id, signal) =>
      wire.send({
        kind: 'once',
        name: 'hard-reboot',
        subject: rows.nameOf(id),
        effect: () => nova.hardReboot(id),
        signal,
      }),
    start: (id, signal) =>
      wire.send({
        kind: 'once',
        name: 'start',
        subject: rows.nameOf(id),
        effect: () => nova.start(id),
        signal,
      }),
  }
}
