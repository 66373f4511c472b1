/**
 * Faults that Alertmanager or Grafana reports: `/webhooks/alertmanager`. Both send the same body.
 */
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Acceptance, InventoryStore, NotificationStore } from '../../actors/ports/store.ts'
import { hostName, isUuid } from '../../schema/ids.ts'
import { misspeltName, nearestName, shownName } from '../../schema/nearest-name.ts'
import type { Host, NotificationType, Payload } from '../../schema/records.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { readJson } from '../plugins/requests.ts'
import type { WebhookCredentials } from '../plugins/webhook-auth.ts'
import { parseTime } from '../views/times.ts'
import { handOver, type HandOver } from './hand-over.ts'

/** How alerts are read, and which senders are accepted. */
export interface Webhook extends WebhookCredentials {
  /** The label that names the compute host. */
  readonly hostLabel: string
  /** The label that names an instance. An alert with this label is about the instance. */
  readonly instanceLabel: string
  /** Tells the engine that the host was seen alive. */
  readonly seenAlive: (host: Host, sentence: string) => Promise<void>
}

/** What the route needs. */
export interface WebhookDependencies extends HandOver {
  readonly store: Pick<InventoryStore, 'findHost'> & Pick<NotificationStore, 'acceptNotification'>
  readonly webhook: Webhook
  readonly duplicateWindowMs: number
}

const Labels = Type.Record(Type.String(), Type.String())
const Alert = Type.Object({
  status: Type.Unsafe<'firing' | 'resolved'>({ enum: ['firing', 'resolved'] }),
  labels: Labels,
  startsAt: Type.String({ maxLength: 64 }),
  fingerprint: Type.Optional(Type.String({ maxLength: 64 })),
})
type Alert = Static<typeof Alert>

/**
 * Alertmanager sends 4 and Grafana 1. Both add members from time to time; the members that we read
 * have not changed.
 */
const VERSIONS = ['1', '4']
const ALERTS_MAX = 1000
/** Enough for this many alerts with about 2 kB of labels and annotations each. */
const BODY_BYTES_MAX = 2 * 1024 * 1024

const Message = Type.Object({
  version: Type.Unsafe<string>({ enum: VERSIONS }),
  alerts: Type.Array(Alert, { maxItems: ALERTS_MAX }),
})

const Outcome = Type.Object({
  fingerprint: Type.Union([Type.String(), Type.Null()]),
  outcome: Type.Unsafe<'accepted' | 'duplicate' | 'alive' | 'ignored'>({
    enum: ['accepted', 'duplicate', 'alive', 'ignored'],
  }),
  /** The notification that was made from the alert, or that the alert repeats. */
  notification_uuid: Type.Union([Type.String(), Type.Null()]),
  reason: Type.Union([Type.String(), Type.Null()]),
})
type Outcome = Static<typeof Outcome>

/**
 * Installs the route. While the database does not accept writes, the answer is 503, and
 * Alertmanager sends the alerts again.
 */
export function webhookRoutes(app: GatewayApp, dependencies: WebhookDependencies): void {
  readJson(app)
  app.post('/alertmanager', {
    bodyLimit: BODY_BYTES_MAX,
    schema: {
      body: Message,
      response: { 200: Type.Object({ alerts: Type.Array(Outcome) }), default: FaultBody },
    },
    handler: async (request) => {
      const alerts: Outcome[] = []
      for (const alert of request.body.alerts) {
        const outcome = await take(dependencies, request, alert)
        alerts.push({ ...NOTHING, fingerprint: alert.fingerprint ?? null, ...outcome })
      }
      request.log.info({ alerts }, 'alerts taken')
      return { alerts }
    },
  })
}

const NOTHING = { notification_uuid: null, reason: null }
type Taken = Pick<Outcome, 'outcome'> & Partial<Outcome>

const ignored = (reason: string): Taken => ({ outcome: 'ignored', reason })

/** Grafana fires these, with the labels of the rule, when it could not evaluate the rule. */
const NOT_EVALUATED = ['DatasourceNoData', 'DatasourceError']

async function take(
  dependencies: WebhookDependencies,
  request: FastifyRequest,
  alert: Alert,
): Promise<Taken> {
  const { hostLabel, instanceLabel } = dependencies.webhook
  const host = alert.labels[hostLabel]
  const instance = alert.labels[instanceLabel]
  if (host === undefined || host === '') return ignored(noLabel(hostLabel, alert))
  const { alertname = '' } = alert.labels
  if (NOT_EVALUATED.includes(alertname)) return ignored(`${alertname} says nothing about the host`)
  if (alert.status === 'resolved') return resolve(dependencies, alert, host)
  if (instance === undefined) {
    const meant = misspeltName(instanceLabel, Object.keys(alert.labels))
    // An alert about an instance must not cause a fence of its host.
    if (meant !== undefined)
      return ignored(`the label ${shownName(meant)} looks like a misspelt ${instanceLabel}`)
    return report(dependencies, request, alert, HOST_FAULT)
  }
  if (!isUuid(instance)) return ignored(`the label ${instanceLabel} is not a UUID`)
  return report(dependencies, request, alert, guestFault(instance.toLowerCase()))
}

function noLabel(wanted: string, { labels }: Alert): string {
  const nearest = nearestName(wanted, Object.keys(labels))
  const meant = nearest === undefined ? '' : `; is ${shownName(nearest)} meant?`
  return `there is no label ${wanted}${meant}`
}

/**
 * A resolved alert about an instance needs no action. A resolved alert about a host is reported,
 * because a living host must not be fenced.
 */
async function resolve(
  { store, webhook }: WebhookDependencies,
  { labels }: Alert,
  name: string,
): Promise<Taken> {
  if (labels[webhook.instanceLabel] !== undefined) return ignored('nothing to do')
  const host = await store.findHost(hostName(name))
  if (host === undefined) return ignored(unknownHost(name))
  const { alertname = 'without a name' } = labels
  await webhook.seenAlive(host, `the alert ${alertname.slice(0, 255)} is resolved`)
  return { outcome: 'alive' }
}

interface Fault {
  readonly type: NotificationType
  readonly payload: Payload
}

/**
 * The engine fences the host before it evacuates anything, so a wrong alert does not run an
 * instance twice.
 */
const HOST_FAULT: Fault = {
  type: 'COMPUTE_HOST',
  payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
}

const guestFault = (instance: string): Fault => ({
  type: 'VM',
  payload: {
    event: 'LIFECYCLE',
    instance_uuid: instance.toLowerCase(),
    vir_domain_event: 'STOPPED_FAILED',
  },
})

/** An alert that continues is sent again with the same start, which makes it a duplicate. */
async function report(
  dependencies: WebhookDependencies,
  request: FastifyRequest,
  alert: Alert,
  fault: Fault,
): Promise<Taken> {
  const { store, clock, webhook, duplicateWindowMs } = dependencies
  const name = alert.labels[webhook.hostLabel] ?? ''
  const acceptance = await store.acceptNotification({
    ...fault,
    hostName: hostName(name),
    generatedAt: parseTime(alert.startsAt) ?? clock.wallMs(),
    duplicateWindowMs,
  })
  if (acceptance.kind === 'accepted') {
    await handOver(dependencies, request, acceptance.notification)
  }
  return takenAs(acceptance, name)
}

function takenAs(acceptance: Acceptance, name: string): Taken {
  switch (acceptance.kind) {
    case 'accepted':
      return { outcome: 'accepted', notification_uuid: acceptance.notification.uuid }
    case 'duplicate':
      return { outcome: 'duplicate', notification_uuid: acceptance.of }
    case 'on-maintenance':
      return ignored(`host ${name} is on maintenance`)
    case 'unknown-host':
      return ignored(unknownHost(name))
    default:
      throw new TypeError('unknown acceptance')
  }
}

const unknownHost = (name: string): string => `host ${name.slice(0, 255)} is not registered`
