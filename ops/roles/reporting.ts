/** What event notifications are made of: the store that reports, and the sender that takes the reports to RabbitMQ. */
import type { StorePort } from '../../actors/ports/store.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import type { Config } from '../../schema/config.ts'
import { CodedError } from '../../schema/errors.ts'
import { startReportSender } from '../../transports/amqp/report-sender.ts'
import type { LinkKeeping } from '../../transports/amqp/keep-linked.ts'
import { linkTo } from './broker-link.ts'
import { reportingStore } from './reporting-store.ts'

export interface Reporting extends AsyncDisposable {
  readonly store: StorePort
  /** Tells whether they can be sent; nothing depends on it. */
  readonly readiness: readonly ReadinessCheck[]
}

/** The store as it is where nothing is to be sent, or nothing is written that others want to hear of. */
export function startReporting(
  { events, node, rabbit }: Config,
  store: StorePort,
  world: Omit<LinkKeeping, 'urls' | 'tls'>,
): Reporting {
  const writes = node.roles.some((role) => role === 'gateway' || role === 'engine')
  if (events.driver === 'noop' || events.brokers === undefined || !writes) {
    return { store, readiness: [], [Symbol.asyncDispose]: async () => undefined }
  }
  const { clock, random, log } = world
  const sender = startReportSender({
    clock,
    random,
    log,
    ...linkTo(events.brokers, rabbit),
    topics: events.topics,
    durability: events.durableQueues ? 'durable' : 'transient',
    node: node.name,
  })
  return {
    store: reportingStore(store, sender),
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
