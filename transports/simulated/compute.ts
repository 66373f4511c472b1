/** The Compute port as one process of ours has it. */
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Aggregates } from './aggregates.ts'
import type { Nova } from './nova.ts'
import type { NovaRows } from './nova-rows.ts'
import type { NovaWire } from './nova-wire.ts'

type Signal = AbortSignal | undefined

/** What a simulated Nova is made of. */
export interface SimulatedNova {
  readonly nova: Nova
  readonly rows: NovaRows
  readonly aggregates: Aggregates
}

/** The simulated Nova behind the wire of one process. */
export function simulatedCompute(
  { nova, rows, aggregates }: SimulatedNova,
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
  const regroup = (
    name: string,
    [id, host]: readonly [string, HostName],
    effect: () => void,
    signal: Signal,
  ): Promise<void> => {
    const subject = `${host} ${aggregates.nameOf(id)}`
    return wire.send({ kind: 'repeatable', name, subject, effect, signal })
  }
  return {
    listAggregates: (signal) => read('list-aggregates', '', () => aggregates.list(), signal),
    joinAggregate: (id, host, signal) =>
      regroup('join-aggregate', [id, host], () => aggregates.join(id, host), signal),
    leaveAggregate: (id, host, signal) =>
      regroup('leave-aggregate', [id, host], () => aggregates.leave(id, host), signal),
    listServices: (signal) => read('list-services', '', () => nova.listServices(), signal),
    findService: (host, signal) => read('find-service', host, () => nova.findService(host), signal),
    listInstances: (host, signal) =>
      read('list-instances', host, () => nova.listInstances(host), signal),
    getInstance: (id, signal) =>
      read('get-instance', rows.nameOf(id), () => nova.getInstance(id), signal),
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
  }
}
