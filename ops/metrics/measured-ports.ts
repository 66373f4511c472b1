/** Ports that measure their calls, and pass each call and its outcome on unchanged. */
import type { BusMessage, BusPort } from '../../actors/ports/bus.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { FaultSpool } from '../../actors/ports/fault-spool.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import { isCoded } from '../../schema/errors.ts'
import { decodeOrCount } from '../../schema/messages/codec.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import type { World } from '../ports.ts'
import type { Metrics } from './metrics.ts'
import type { Detections } from './detections.ts'
import { UnfinishedMetrics } from './unfinished-metrics.ts'

export interface Measuring {
  readonly metrics: Metrics
  readonly clock: ClockPort
  readonly detections: Detections
}

/** All ports of a process. */
export function measuredWorld(world: World, measuring: Measuring): World {
  const { metrics, clock } = measuring
  const openstack = (service: string) => (operation: string, result: string, ms: number) =>
    metrics.observe('instance_ha_openstack_request_seconds', ms, { service, operation, result })
  return {
    ...world,
    ...measuredBusWorld(world, measuring),
    store: measuredStore(world.store, measuring),
    compute: measured(world.compute, clock, openstack('compute')),
    placement: measured(world.placement, clock, openstack('placement')),
    lease: measured(world.lease, clock, (operation, result, ms) => {
      metrics.observe('instance_ha_lease_write_seconds', ms, { operation, result })
    }),
    power: measured(world.power, clock, (operation, result, ms, [bmc]) => {
      const channel = kindOf(bmc)
      metrics.observe('instance_ha_power_request_seconds', ms, { channel, operation, result })
    }),
    fenceAgent: measured(world.fenceAgent, clock, (operation, result, ms, [program]) => {
      const kind = kindOf(program)
      metrics.observe('instance_ha_fence_program_seconds', ms, { kind, operation, result })
    }),
    shell: measured(world.shell, clock, (_operation, result, ms) => {
      metrics.observe('instance_ha_ssh_probe_seconds', ms, { result })
    }),
  }
}

/** The ports of a process without a store. */
export function measuredBusWorld<Ports extends Pick<World, 'bus' | 'spool'>>(
  ports: Ports,
  measuring: Measuring,
): Ports {
  return {
    ...ports,
    bus: measuredBus(ports.bus, measuring),
    spool: measuredSpool(ports.spool, measuring.metrics),
  }
}

type Told = (operation: string, result: string, ms: number, parameters: readonly unknown[]) => void

/** Measures each call that returns a promise. */
function measured<Port extends object>(port: Port, clock: ClockPort, told: Told): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...parameters: readonly unknown[]): unknown => {
        const startedMs = clock.monotonicMs()
        const answer: unknown = Reflect.apply(member, target, parameters)
        if (!(answer instanceof Promise)) return answer
        const ended = (result: string): void =>
          told(String(name), result, clock.monotonicMs() - startedMs, parameters)
        answer.then(
          (value: unknown) => ended(resultOf(value)),
          (error: unknown) => ended(failureOf(error)),
        )
        return answer
      }
    },
  })
}

/** A probe tells its outcome; every other call that is answered has succeeded. */
const resultOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'outcome' in value ? String(value.outcome) : 'ok'

/** The codes of errors are a closed list. */
const failureOf = (error: unknown): string =>
  isCoded(error)
    ? error.code.toLowerCase()
    : error instanceof Error && error.name === 'AbortError'
      ? 'aborted'
      : 'defect'

const kindOf = (parameter: unknown): string =>
  typeof parameter === 'object' && parameter !== null && 'kind' in parameter
    ? String(parameter.kind)
    : 'unknown'

function measuredStore(store: StorePort, { metrics, clock, detections }: Measuring): StorePort {
  const unfinished = new UnfinishedMetrics(clock, metrics)
  const told: Told = (operation, result, ms) =>
    metrics.observe('instance_ha_store_call_seconds', ms, { operation, result })
  const timed = measured(store, clock, told)
  return new Proxy(timed, {
    get(target, name): unknown {
      if (name === 'acceptNotification') {
        return async (report: Parameters<StorePort['acceptNotification']>[0]) => {
          const acceptance = await target.acceptNotification(report)
          const labels = { type: report.type, result: acceptance.kind }
          metrics.count('instance_ha_faults_total', labels)
          if (acceptance.kind === 'accepted') detections.stored(report.hostName)
          return acceptance
        }
      }
      if (name === 'listUnfinished') {
        return async (page?: Parameters<StorePort['listUnfinished']>[0]) => {
          const read = await target.listUnfinished(page)
          unfinished.read(page, read)
          return read
        }
      }
      return Reflect.get(target, name, target)
    },
  })
}

function measuredBus(bus: BusPort, { metrics, clock, detections }: Measuring): BusPort {
  return {
    publish: (subject, body) => bus.publish(subject, body),
    publishFault: (subject, body, id) => bus.publishFault(subject, body, id),
    connected: () => bus.connected(),
    hindrances: () => bus.hindrances(),
    subscribe: (pattern, handler) =>
      bus.subscribe(pattern, (message) => {
        if (isObservation(message.subject)) {
          const received = decoded(message)
          if (received?.type === 'host.observed') detections.heard(received.body)
        }
        handler(message)
      }),
    consumeFaults: (durable, handler) =>
      bus.consumeFaults(durable, (delivery) => {
        const sentAt = decoded(delivery)?.sentAt
        handler({
          ...delivery,
          ack() {
            metrics.count('instance_ha_fault_deliveries_total', { result: 'ack' })
            if (sentAt !== undefined) {
              metrics.observe('instance_ha_fault_lag_seconds', clock.wallMs() - sentAt)
            }
            delivery.ack()
          },
          retry(afterMs) {
            metrics.count('instance_ha_fault_deliveries_total', { result: 'retry' })
            delivery.retry(afterMs)
          },
        })
      }),
  }
}

/** By the third token of the subject. */
const isObservation = (subject: string): boolean => subject.split('.', 3)[2] === 'observation'

/** Its reader counts what cannot be decoded. */
const decoded = (message: BusMessage): Received | undefined =>
  decodeOrCount(message, () => undefined)

/** Counts what waits in the spool. */
function measuredSpool(spool: FaultSpool, metrics: Metrics): FaultSpool {
  const kept = new Set<string>()
  metrics.sample(() => metrics.set('instance_ha_spool_depth', [kept.size]))
  return {
    async read() {
      const faults = await spool.read()
      for (const { id } of faults) kept.add(id)
      return faults
    },
    async keep(fault) {
      await spool.keep(fault)
      kept.add(fault.id)
    },
    async forget(id) {
      await spool.forget(id)
      kept.delete(id)
    },
  }
}
