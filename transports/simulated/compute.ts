/** The Compute port as one process of ours has it. */
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { InstanceId } from '../../schema/ids.ts'
import type { InstanceActions } from './instance-actions.ts'
import type { Nova } from './nova.ts'
import type { NovaRows } from './nova-rows.ts'
import type { NovaWire } from './nova-wire.ts'

/** What answers. */
interface Services {
  readonly nova: Nova
  readonly actions: InstanceActions
  readonly rows: NovaRows
}

/** The simulated Nova behind the wire of one process. */
export function simulatedCompute({ nova, actions, rows }: Services, wire: NovaWire): ComputePort {
  const read = <Answer>(
    name: string,
    subject: string,
    effect: () => Answer,
    signal: AbortSignal | undefined,
  ): Promise<Answer> => wire.send({ kind: 'read', name, subject, effect, signal })
  const act = (
    kind: 'once' | 'repeatable',
    name: string,
    effect: (id: InstanceId) => void,
  ): ((id: InstanceId, signal?: AbortSignal) => Promise<void>) => {
    return (id, signal) =>
      wire.send({ kind, name, subject: rows.nameOf(id), effect: () => effect(id), signal })
  }
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
    hardReboot: act('once', 'hard-reboot', (id) => nova.hardReboot(id)),
    start: act('once', 'start', (id) => nova.start(id)),
    stop: act('once', 'stop', (id) => actions.stop(id)),
    pause: act('once', 'pause', (id) => actions.pause(id)),
    callBroken: act('repeatable', 'call-broken', (id) => actions.callBroken(id)),
    lock: act('repeatable', 'lock', (id) => actions.lock(id)),
    unlock: act('repeatable', 'unlock', (id) => actions.unlock(id)),
    explainFailure: (id, signal) =>
      read('explain-failure', rows.nameOf(id), () => actions.explainFailure(id), signal),
  }
}
