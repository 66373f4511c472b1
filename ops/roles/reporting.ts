/**
 * Event notifications: a store that reports its writes, and a sender that publishes the reports on
 * RabbitMQ.
 */
import type { StorePort } from '../../actors/ports/store.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import type { Config } from '../../schema/config.ts'
import { CodedError } from '../../schema/errors.ts'
import type { LinkHealth } from '../../schema/messages/leadership.ts'
import { declarationOf } from '../../transports/amqp/declaration.ts'
import { startReportSender } from '../../transports/amqp/report-sender.ts'
import type { LinkKeeping } from '../../transports/amqp/keep-linked.ts'
import { linkTo } from './broker-link.ts'
import { reportingStore } from './reporting-store.ts'

export interface Reporting extends AsyncDisposable {
  readonly store: StorePort
  /** Tells whether reports can be sent. Nothing depends on it. */
  readonly readiness: readonly ReadinessCheck[]
  /** The broker that they are sent to, if any. */
  links(): readonly LinkHealth[]
}

/** The topic that Masakari uses; the option `topics` does not change it. */
const TOPIC = 'versioned_notifications'

const FORMS = [
  { driver: 'messagingv2', form: 'wrapped' },
  { driver: 'messaging', form: 'bare' },
] as const

/**
 * Returns the store unchanged when no driver sends anything, or when this process writes nothing
 * that is reported.
 */
export function startReporting(
  { events, queues, rabbit, node }: Config,
  store: StorePort,
  world: Omit<LinkKeeping, 'urls' | 'tls'>,
): Reporting {
  const writes = node.roles.some((role) => role === 'gateway' || role === 'engine')
  const forms = FORMS.filter(({ driver }) => events.drivers.includes(driver))
  if (forms.length === 0 || events.brokers === undefined || !writes) {
    return { store, readiness: [], links: () => [], [Symbol.asyncDispose]: async () => undefined }
  }
  const { clock, random, log } = world
  const sender = startReportSender({
    clock,
    random,
    log,
    ...linkTo(events.brokers, rabbit),
    topic: TOPIC,
    declaration: declarationOf(queues),
    forms: forms.map(({ form }) => form),
    node: node.name,
  })
  return {
    store: reportingStore(store, sender),
    links: () => [{ name: 'event-broker', ...sender.link() }],
    readiness: [
      {
        name: 'event notifications',
        need: 'dispensable',
        check: async () => {
          if (sender.connected()) return
          const { waiting, dropped } = sender.counts()
          const fate = `${waiting} wait to be sent, ${dropped} are lost`
          throw new CodedError('BUS_UNAVAILABLE', `not linked: ${fate}`)
        },
      },
    ],
    [Symbol.asyncDispose]: async () => await sender[Symbol.asyncDispose](),
  }
}
