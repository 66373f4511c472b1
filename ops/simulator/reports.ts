/**
 * Reports from senders that are not our monitors: Masakari's monitors, an operator's own, and the
 * Compute service over the bus.
 */
import type { NewNotification } from '../../actors/ports/store.ts'
import { assertNever } from '../../actors/kernel/assert-never.ts'
import { hostName } from '../../schema/ids.ts'
import type { Deployment } from './deployment.ts'

export type Report =
  /**
   * A trusted reporter says that the host is dead, so many times at once, with a clock that may be
   * behind.
   */
  | {
      readonly do: 'report'
      readonly host: string
      readonly times: number
      readonly agoMs?: number
    }
  /** A reporter does not see the host any more. */
  | { readonly do: 'report-unsure'; readonly host: string }
  /** A reporter sees the host again. */
  | { readonly do: 'report-back'; readonly host: string }
  /** The bridge reads on Compute's own bus that a host failed. */
  | { readonly do: 'compute-reports'; readonly host: string }
  /** The libvirt of the instance's host reported an event of the instance. */
  | {
      readonly do: 'report-guest'
      readonly instance: string
      readonly event: string
      readonly domainEvent: string
    }
  | {
      readonly do: 'report-process'
      readonly host: string
      readonly process: string
      readonly event: 'STARTED' | 'STOPPED'
    }

/** Sends the report now. */
export async function report(deployment: Deployment, act: Report): Promise<void> {
  const { store, clock, rules } = deployment
  if (act.do === 'compute-reports') return await passOn(deployment, act.host)
  if (act.do === 'report-guest' && !exists(deployment, act.instance)) return
  const { what, ...fault } = faultOf(deployment, act)
  const { times, agoMs = 0 } = act.do === 'report' ? act : { times: 1 }
  const generatedAt = clock.wallMs() - agoMs
  const { duplicateWindowMs } = rules
  const answers = await Promise.all(
    Array.from({ length: times }, () =>
      store.acceptNotification({ ...fault, generatedAt, duplicateWindowMs }),
    ),
  )
  const outcome = answers.map(({ kind }) => kind).join(', ')
  deployment.note(`${what}: ${outcome}`)
}

async function passOn(deployment: Deployment, host: string): Promise<void> {
  const occurredAt = deployment.clock.wallMs()
  const evidence = [`compute.host.error of compute.${host}`]
  const fault = { hostName: host, publisher: `compute.${host}`, occurredAt, evidence }
  deployment.note(`Compute calls ${host} failed`)
  await deployment.intruder.submit('host.failed', fault, `compute-${host}-${occurredAt}`)
}

/** An instance that its owner has deleted is not reported. */
const exists = ({ cloud }: Deployment, instance: string): boolean =>
  cloud.instances.some(({ name }) => name === instance)

type Stored = Exclude<Report, { readonly do: 'compute-reports' }>
type Fault = Pick<NewNotification, 'type' | 'hostName' | 'payload'> & { readonly what: string }

function faultOf(deployment: Deployment, act: Stored): Fault {
  switch (act.do) {
    case 'report': {
      const payload = { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' }
      return { ...ofHost(act.host, payload), what: `${act.host} is reported as dead` }
    }
    case 'report-unsure': {
      const payload = { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'UNKNOWN' }
      return { ...ofHost(act.host, payload), what: `${act.host} is reported with an unknown state` }
    }
    case 'report-back': {
      const payload = { event: 'STARTED', cluster_status: 'ONLINE', host_status: 'NORMAL' }
      return { ...ofHost(act.host, payload), what: `${act.host} is reported as back` }
    }
    case 'report-guest':
      return ofGuest(deployment, act)
    case 'report-process': {
      const { host, process, event } = act
      const payload = { event, process_name: process }
      const what = `${process} of ${host} is reported as ${event.toLowerCase()}`
      return { type: 'PROCESS', hostName: hostName(host), payload, what }
    }
    default:
      return assertNever(act)
  }
}

const ofHost = (host: string, payload: NewNotification['payload']): Omit<Fault, 'what'> => ({
  type: 'COMPUTE_HOST',
  hostName: hostName(host),
  payload,
})

function ofGuest(
  { cloud }: Deployment,
  { instance, event, domainEvent }: Report & { readonly do: 'report-guest' },
): Fault {
  const row = cloud.instances.find(({ name }) => name === instance)
  if (row === undefined) throw new RangeError(`no such instance: ${instance}`)
  return {
    type: 'VM',
    hostName: hostName(row.host ?? ''),
    payload: { event, vir_domain_event: domainEvent, instance_uuid: row.id },
    what: `${instance} is reported with ${event} ${domainEvent}`,
  }
}
