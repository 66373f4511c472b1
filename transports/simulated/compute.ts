/** The Compute port of one process of ours. */
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { InstanceId } from '../../schema/ids.ts'
import { aggregatePort, type Aggregates } from './aggregates.ts'
import type { InstanceActions } from './instance-actions.ts'
import type { Nova } from './nova.ts'
import type { NovaRows } from './nova-rows.ts'
import type { NovaWire } from './nova-wire.ts'

/** The parts of the simulated Nova that answer. */
export interface Services {
  readonly nova: Nova
  readonly actions: InstanceActions
  readonly rows: NovaRows
  readonly aggregates: Aggregates
}

type Signal = AbortSignal | undefined

/** The simulated Nova behind the wire of one process. */
export function simulatedCompute(
  { nova, actions, rows, aggregates }: Services,
  wire: NovaWire,
): ComputePort {
  const read = <Answer>(
    name: string,
    subject: string,
    effect: () => Answer,
    signal: Signal,
  ): Promise<Answer> => wire.send({ kind: 'read', name, subject, effect, signal })
  const change = (
    name: string,
    serviceId: string,
    effect: () => void,
    signal: Signal,
  ): Promise<void> =>
    wire.send({ kind: 'repeatable', name, subject: nova.hostOf(serviceId), effect, signal })
  const act = (name: string, id: InstanceId, effect: () => void, signal: Signal): Promise<void> =>
    wire.send({ kind: 'once', name, subject: rows.nameOf(id), effect, signal })
  const mark = (name: string, id: InstanceId, effect: () => void, signal: Signal): Promise<void> =>
    wire.send({ kind: 'repeatable', name, subject: rows.nameOf(id), effect, signal })
  return {
    ...aggregatePort(aggregates, wire),
    listServices: (signal) => read('list-services', '', () => nova.listServices(), signal),
    findService: (host, signal) => read('find-service', host, () => nova.findService(host), signal),
    listInstances: (host, signal) =>
      read('list-instances', host, () => nova.listInstances(host), signal),
    listProjectInstances: (project, signal) =>
      read('list-project', project, () => nova.listProjectInstances(project), signal),
    listServerGroups: (signal) =>
      read('list-server-groups', '', () => nova.listServerGroups(), signal),
    getInstance: (id, signal) =>
      read('get-instance', rows.nameOf(id), () => nova.getInstance(id), signal),
    readDiagnostics: (id, signal) =>
      read('read-diagnostics', rows.nameOf(id), () => nova.readDiagnostics(id), signal),
    listActions: (id, signal) =>
      read('list-actions', rows.nameOf(id), () => nova.listActions(id), signal),
    listEvacuations: (source, sinceMs, signal) =>
      read('list-evacuations', source, () => nova.listEvacuations(source, sinceMs), signal),
    disable: (id, reason, signal) => change('disable', id, () => nova.disable(id, reason), signal),
    clearForcedDown: (id, signal) =>
      change('clear-forced-down', id, () => nova.clearForcedDown(id), signal),
    enable: (id, signal) => change('enable', id, () => nova.enable(id), signal),
    isolate: (id, reason, signal) => change('isolate', id, () => nova.isolate(id, reason), signal),
    evacuate: (id, target, signal) =>
      wire.send({
        kind: 'once',
        name: 'evacuate',
        subject: `${rows.nameOf(id)} to ${target ?? 'any host'}`,
        effect: () => nova.evacuate(id, target),
        signal,
      }),
    hardReboot: (id, signal) => act('hard-reboot', id, () => nova.hardReboot(id), signal),
    start: (id, signal) => act('start', id, () => nova.start(id), signal),
    rebuild: (id, signal) => act('rebuild', id, () => nova.rebuild(id), signal),
    stop: (id, signal) => act('stop', id, () => actions.stop(id), signal),
    pause: (id, signal) => act('pause', id, () => actions.pause(id), signal),
    callBroken: (id, signal) => mark('call-broken', id, () => actions.callBroken(id), signal),
    callActive: (id, signal) => mark('call-active', id, () => actions.callActive(id), signal),
    lock: (id, reason, signal) => mark('lock', id, () => actions.lock(id, reason), signal),
    readLock: (id, signal) =>
      read('read-lock', rows.nameOf(id), () => actions.readLock(id), signal),
    unlock: (id, signal) => act('unlock', id, () => actions.unlock(id), signal),
    explainFailure: (id, signal) =>
      read('explain-failure', rows.nameOf(id), () => actions.explainFailure(id), signal),
  }
}
